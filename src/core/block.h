/* SPDX-License-Identifier: MIT
 * block.h - a piece of a sorted run of (key, value) pairs, packed.
 *
 * Keys are hashes, so they are spread evenly: a run of n blocks has in block b the keys from
 * b/n to (b+1)/n of all there are, and where a key stands is told without looking. A pair
 * takes the bytes of its key that the block's number leaves open, and those of its value above
 * the least one of the run; every pair of a run takes as many.
 *
 * Owns:    nothing; a block's bytes are the caller's.
 * Thread:  any.
 * Errors:  none; bytes that are no block hold fewer pairs.
 * See:     store/runs.h, where blocks are rows of the database. */
#ifndef CORE_BLOCK_H
#define CORE_BLOCK_H

#include "base/buf.h"

#define BLOCK_COUNT_MAX (1u << 22)

struct pair {
	uint64_t key, value;
};

/* What the blocks of a run have in common. */
struct block_form {
	uint32_t blocks;
	uint8_t key_bits; /* that count, from the top; the others are taken as 0 */
	uint8_t rest_len, value_len;
	uint64_t base; /* the least value */
};

/* For so many pairs with values from `least` to `most`, in blocks that fill a page. */
struct block_form block_form_of(unsigned key_bits, uint64_t count, uint64_t least,
				uint64_t most);

/* The block where a key stands, and a key as it is told apart. */
uint32_t block_of(const struct block_form *f, uint64_t key);
uint64_t block_key(const struct block_form *f, uint64_t key);

/* No key of the block, or of one behind it, is less. */
uint64_t block_least(const struct block_form *f, uint32_t block);

/* Appends a pair of that block. Pairs come in the order of their keys, then values. */
void block_put(const struct block_form *f, uint32_t block, const struct pair *pair,
	       struct buf *out);

/* How many pairs the bytes hold, and the i-th. */
size_t block_count(const struct block_form *f, struct str bytes);
struct pair block_pair(const struct block_form *f, uint32_t block, struct str bytes,
		       size_t i);

/* The first pair of the key or behind it. */
size_t block_find(const struct block_form *f, uint32_t block, struct str bytes,
		  uint64_t key);

#endif
