/* SPDX-License-Identifier: MIT */
#include "core/seen.h"

#include <stdlib.h>

void seen_begin(struct buf *table, size_t count)
{
	size_t places = 16;

	while (places < 2 * count)
		places *= 2;
	buf_clear(table);
	if (!buf_reserve(table, places * sizeof(uint32_t)))
		abort(); /* a cap below JSON_TOKENS_MAX */
	table->len = places * sizeof(uint32_t);
	memset(table->p, 0, table->len);
}

/* Where the table lies, nobody outside knows: names cannot be made that all meet in one place. */
static size_t hash_of(const struct buf *table, struct str s)
{
	uint64_t hash = s.len ^ (uintptr_t)table->p;

	for (size_t i = 0; i < s.len; i++) {
		hash = (hash ^ (unsigned char)s.p[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return (size_t)hash;
}

uint32_t *seen_place(struct buf *table, const struct json *j, uint32_t token)
{
	uint32_t *places = (uint32_t *)(void *)table->p;
	size_t mask = table->len / sizeof(uint32_t) - 1;
	struct str s = json_bytes(j, token);
	size_t at = hash_of(table, s);

	while (places[at & mask] != JSON_NONE &&
	       !str_eq(json_bytes(j, places[at & mask]), s))
		at++;
	return &places[at & mask];
}
