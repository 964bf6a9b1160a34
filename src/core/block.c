/* SPDX-License-Identifier: MIT */
#include "core/block.h"

/* So that a block with the chance's share above the mean still fits into a page of 4096. */
enum { FILL = 3300 };

__extension__ typedef unsigned __int128 wide;

static uint8_t bytes_for(uint64_t most)
{
	uint8_t len = 0;

	for (; most; most >>= 8)
		len++;
	return len;
}

uint64_t block_least(const struct block_form *f, uint32_t block)
{
	return (uint64_t)((((wide)block << 64) + f->blocks - 1) / f->blocks);
}

/* Keys of a block are apart by less than this, in units of the last bit that counts. */
static uint64_t reach_of(unsigned key_bits, uint32_t blocks)
{
	uint64_t units = (UINT64_MAX / blocks) >> (64 - key_bits);

	return units > UINT64_MAX - 2 ? units : units + 2;
}

struct block_form block_form_of(unsigned key_bits, uint64_t count, uint64_t least,
				uint64_t most)
{
	struct block_form f = {.blocks = 1,
			       .key_bits = (uint8_t)key_bits,
			       .value_len = bytes_for(most - least),
			       .base = least};

	/* Fewer bytes a pair make fewer blocks, which may make more bytes a pair. */
	for (int i = 0; i < 2; i++) {
		uint64_t blocks;

		f.rest_len = bytes_for(reach_of(key_bits, f.blocks));
		blocks = count * (f.rest_len + f.value_len) / FILL + 1;
		f.blocks = blocks < BLOCK_COUNT_MAX ? (uint32_t)blocks : BLOCK_COUNT_MAX;
	}
	f.rest_len = bytes_for(reach_of(key_bits, f.blocks));
	return f;
}

uint32_t block_of(const struct block_form *f, uint64_t key)
{
	return (uint32_t)((wide)block_key(f, key) * f->blocks >> 64);
}

uint64_t block_key(const struct block_form *f, uint64_t key)
{
	return key >> (64 - f->key_bits) << (64 - f->key_bits);
}

static void put_number(uint64_t n, uint8_t len, unsigned char *out)
{
	for (uint8_t i = len; i-- > 0; n >>= 8)
		out[i] = (unsigned char)n;
}

static uint64_t get_number(const unsigned char *in, uint8_t len)
{
	uint64_t n = 0;

	for (uint8_t i = 0; i < len; i++)
		n = n << 8 | in[i];
	return n;
}

/* What is left of a key in its block: units above the block's first whole one. */
static uint64_t rest_of(const struct block_form *f, uint32_t block, uint64_t key)
{
	unsigned shift = 64u - f->key_bits;

	return (key >> shift) - (block_least(f, block) >> shift);
}

void block_put(const struct block_form *f, uint32_t block, const struct pair *pair,
	       struct buf *out)
{
	unsigned char bytes[16];

	put_number(rest_of(f, block, pair->key), f->rest_len, bytes);
	put_number(pair->value - f->base, f->value_len, bytes + f->rest_len);
	buf_add(out, bytes, (size_t)f->rest_len + f->value_len);
}

size_t block_count(const struct block_form *f, struct str bytes)
{
	return bytes.len / ((size_t)f->rest_len + f->value_len);
}

struct pair block_pair(const struct block_form *f, uint32_t block, struct str bytes,
		       size_t i)
{
	const unsigned char *p =
		(const unsigned char *)bytes.p + i * ((size_t)f->rest_len + f->value_len);
	unsigned shift = 64u - f->key_bits;

	return (struct pair){
		((block_least(f, block) >> shift) + get_number(p, f->rest_len)) << shift,
		f->base + get_number(p + f->rest_len, f->value_len)};
}

size_t block_find(const struct block_form *f, uint32_t block, struct str bytes,
		  uint64_t key)
{
	size_t size = (size_t)f->rest_len + f->value_len;
	size_t low = 0, high = block_count(f, bytes);
	uint64_t rest = rest_of(f, block, key);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const unsigned char *p = (const unsigned char *)bytes.p + mid * size;

		if (get_number(p, f->rest_len) < rest)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
