/* SPDX-License-Identifier: MIT */
#include "core/json_list.h"

static bool is_whole(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_digit(name.p[i]))
			return false;
	return name.len > 0;
}

bool json_is_keyed(const struct json *j, uint32_t at)
{
	uint32_t end = j->t[at].next, key = at + 1;

	while (key < end && is_whole(json_bytes(j, key)))
		key = j->t[key + 1].next;
	return key == end && end > at + 1;
}
