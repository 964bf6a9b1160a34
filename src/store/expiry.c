/* SPDX-License-Identifier: MIT */
#include "store/expiry.h"

#include <stdio.h>
#include <stdlib.h>

enum err_code expiry_of(struct db *db, const struct vault *vault, int32_t destination_id,
			int64_t *at_ms, struct err *e)
{
	struct secret secret;
	bool found = false;
	char text[24];

	if (credential_get(db, vault, destination_id, "expires_at", &secret, &found, e) !=
	    ERR_OK)
		return e->code;
	*at_ms = 0;
	if (!found)
		return ERR_OK;
	snprintf(text, sizeof(text), "%.*s", (int)secret.len, (const char *)secret.bytes);
	*at_ms = strtoll(text, NULL, 10);
	return ERR_OK;
}
