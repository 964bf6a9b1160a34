/* SPDX-License-Identifier: MIT
 * json_list.h - the values of a list, also of one that PHP has made an object of: an array with
 * gaps, which array_filter leaves, becomes {"1": "a", "3": "b"}.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_JSON_LIST_H
#define CORE_JSON_LIST_H

#include "core/json.h"

/* Whether the names of the object at `at` are places in a list, in their order, below 1000; false
 * where it has none. */
bool json_is_keyed(const struct json *j, uint32_t at);

static inline bool json_is_list(const struct json *j, uint32_t at)
{
	return j->t[at].type == TOKEN_ARRAY ||
	       (j->t[at].type == TOKEN_OBJECT && json_is_keyed(j, at));
}

/* The values of a list lie between `at` and j->t[at].next; names are stepped over. */
static inline uint32_t json_list_first(const struct json *j, uint32_t at)
{
	return at + 1 + (j->t[at].type == TOKEN_OBJECT);
}

static inline uint32_t json_list_next(const struct json *j, uint32_t at, uint32_t item)
{
	return j->t[item].next + (j->t[at].type == TOKEN_OBJECT);
}

#endif
