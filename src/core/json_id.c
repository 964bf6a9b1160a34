/* SPDX-License-Identifier: MIT */
#include "core/json_id.h"

#include "core/decimal.h"

struct str json_id_made(const struct json *j, uint32_t at, struct buf *tmp)
{
	struct str raw = json_bytes(j, at);
	struct decimal number;

	buf_clear(tmp);
	if (j->t[at].flags & TOKEN_ESCAPED)
		json_unescape(j, at, tmp);
	else if (decimal_read(raw, &number) && decimal_is_whole(&number))
		decimal_print(&number, tmp);
	else
		return raw;
	return buf_str(tmp);
}
