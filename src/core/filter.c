/* SPDX-License-Identifier: MIT */
#include "core/filter.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

void filter_init(struct filter *f, size_t bytes)
{
	f->count = bytes / sizeof(*f->words) + 1;
	f->words = calloc(f->count, sizeof(*f->words));
	if (!f->words)
		abort();
}

void filter_of(struct filter *f, const void *words, size_t count)
{
	f->count = count;
	f->words = malloc(count * sizeof(*f->words));
	if (!f->words)
		abort();
	memcpy(f->words, words, count * sizeof(*f->words));
	filter_turn(f);
}

void filter_fini(struct filter *f)
{
	free(f->words);
	*f = (struct filter){0};
}

void filter_add(struct filter *f, uint64_t key)
{
	uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);

	mixed ^= mixed >> 29;
	f->words[filter_word(f, mixed)] |= filter_bits(mixed);
}

void filter_turn(struct filter *f)
{
	for (size_t i = 0; i < f->count; i++)
		f->words[i] = htole64(f->words[i]);
}
