/* SPDX-License-Identifier: MIT
 * filter.h - a Bloom filter over hashes: says no for sure, or perhaps.
 *
 * Owns:    its words, from filter_init to filter_fini.
 * Thread:  one that adds; any that ask once it is whole.
 * Errors:  out of memory aborts. */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter {
	uint64_t *words;
	size_t count;
};

/* Of at least so many bytes. With one a key it is wrong about 4 new keys of 100, with two about
 * less than one. */
void filter_init(struct filter *f, size_t bytes);
/* From its words as they are in the file. */
void filter_of(struct filter *f, const void *words, size_t count);
void filter_fini(struct filter *f);

void filter_add(struct filter *f, uint64_t key);

/* From the machine's order of bytes to the file's, and back. */
void filter_turn(struct filter *f);

static inline uint64_t filter_bits(uint64_t mixed)
{
	return UINT64_C(1) << (mixed & 63) | UINT64_C(1) << (mixed >> 6 & 63) |
	       UINT64_C(1) << (mixed >> 12 & 63);
}

/* One word holds all bits of a key: a question costs one line of the cache. */
static inline size_t filter_word(const struct filter *f, uint64_t mixed)
{
	return (size_t)((mixed >> 32) * f->count >> 32);
}

static inline bool filter_may_hold(const struct filter *f, uint64_t key)
{
	uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t bits;

	mixed ^= mixed >> 29;
	bits = filter_bits(mixed);
	return (f->words[filter_word(f, mixed)] & bits) == bits;
}

#endif
