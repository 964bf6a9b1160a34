/* SPDX-License-Identifier: MIT */
#include "core/item.h"

bool item_id_says(const struct json *j, uint32_t at)
{
	return at != JSON_NONE &&
	       (j->t[at].type == TOKEN_STRING || j->t[at].type == TOKEN_NUMBER) &&
	       str_trim(json_bytes(j, at)).len > 0;
}

uint32_t item_other_id(const struct json *j, uint32_t item)
{
	/* GA4's, Facebook's and a list of products', Segment's. */
	static const char *const names[] = {"item_id", "id", "sku", "product_id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t at = json_find(j, item, str_of(names[i]));

		if (item_id_says(j, at))
			return at;
	}
	return JSON_NONE;
}
