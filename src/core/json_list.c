/* SPDX-License-Identifier: MIT */
#include "core/json_list.h"

/* Longer ones are ids: a cart of product ids and quantities is no list. */
enum { PLACE_DIGITS_MAX = 3 };

/* The place in a list that it says; -1 for none. */
static int place_of(struct str name)
{
	int place = 0;

	if (name.len == 0 || name.len > PLACE_DIGITS_MAX)
		return -1;
	for (size_t i = 0; i < name.len; i++) {
		if (!ascii_is_digit(name.p[i]))
			return -1;
		place = 10 * place + name.p[i] - '0';
	}
	return place;
}

bool json_is_keyed(const struct json *j, uint32_t at)
{
	uint32_t end = j->t[at].next, key = at + 1;
	int last = -1;

	while (key < end) {
		int place = place_of(json_bytes(j, key));

		if (place <= last)
			return false;
		last = place;
		key = j->t[key + 1].next;
	}
	return end > at + 1;
}
