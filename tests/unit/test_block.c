/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/block.h"
#include "core/filter.h"

static uint64_t state = 88172645463325252u;

static uint64_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const struct {
	unsigned key_bits;
	uint64_t count, least, most;
} forms[] = {
	{64, 1, 1, 1},
	{64, 1000, 1, 1000},
	{64, 90 * 1000, 12345678, 12345678 + 90 * 1000},
	{64, 10 * 1000 * 1000, 1, 1u << 30},
	{64, UINT64_C(1) << 36, 0, UINT64_MAX}, /* more blocks than there may be */
	{48, 1, 0, UINT64_MAX},
	{48, 120 * 1000, 1, 400 * 1000},
	{48, 30 * 1000 * 1000, UINT64_C(1) << 53, UINT64_C(1) << 54},
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static struct block_form form_of(size_t i)
{
	return block_form_of(forms[i].key_bits, forms[i].count, forms[i].least,
			     forms[i].most);
}

/* Whatever is put in comes out, at both ends of each block and in between. */
static void pairs_come_out_as_they_went_in(void **unused)
{
	static const uint64_t edges[] = {0, 1, UINT64_MAX, UINT64_MAX - 1,
					 UINT64_C(1) << 63};
	struct buf b;

	(void)unused;
	buf_init(&b, 64);
	for (size_t i = 0; i < FORMS * 2000; i++) {
		struct block_form f = form_of(i % FORMS);
		uint64_t key = block_key(&f, i / FORMS < 5 ? edges[i / FORMS] : chance());
		uint64_t span = forms[i % FORMS].most - forms[i % FORMS].least;
		struct pair in = {
			key,
			f.base + (span == UINT64_MAX ? chance() : chance() % (span + 1))};
		uint32_t block = block_of(&f, key);
		struct pair out;

		if (i % 3 == 0 && block > 0)
			in.key = block_key(&f, block_least(&f, block) + UINT64_C(0xffff));
		block = block_of(&f, in.key);
		assert_true(block < f.blocks);
		buf_clear(&b);
		block_put(&f, block, &in, &b);
		assert_int_equal(block_count(&f, buf_str(&b)), 1);
		out = block_pair(&f, block, buf_str(&b), 0);
		assert_true(out.key == in.key);
		assert_true(out.value == in.value);
	}
	buf_fini(&b);
}

static void blocks_follow_each_other(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < FORMS; i++) {
		struct block_form f = form_of(i);

		assert_int_equal(block_of(&f, 0), 0);
		assert_int_equal(block_of(&f, UINT64_MAX), f.blocks - 1);
		for (int k = 0; k < 1000; k++) {
			uint64_t x = chance(), y = chance();

			if (x <= y)
				assert_true(block_of(&f, x) <= block_of(&f, y));
			assert_true(block_key(&f, x) >=
				    block_key(&f, block_least(&f, block_of(&f, x))));
		}
	}
}

static void a_block_fills_a_page(void **unused)
{
	(void)unused;
	for (size_t i = 1; i < FORMS; i++) {
		struct block_form f = form_of(i);
		uint64_t bytes = forms[i].count * (f.rest_len + f.value_len);

		if (f.blocks < 20 || f.blocks == BLOCK_COUNT_MAX)
			continue;
		assert_in_range(bytes / f.blocks, 3000, 3300);
	}
}

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void a_key_is_found_where_it_stands(void **unused)
{
	struct block_form f = block_form_of(48, 200, 0, 1000);
	struct pair pairs[200];
	struct buf b;

	(void)unused;
	buf_init(&b, 1 << 16);
	for (size_t i = 0; i < 200; i++)
		pairs[i] = (struct pair){block_key(&f, chance() % 100 << 57), i};
	qsort(pairs, 200, sizeof(pairs[0]), by_key);
	for (size_t i = 0; i < 200; i++)
		block_put(&f, 0, &pairs[i], &b);
	assert_int_equal(f.blocks, 1);
	for (uint64_t k = 0; k < 128; k++) {
		size_t at = block_find(&f, 0, buf_str(&b), k << 57), want = 0;

		while (want < 200 && pairs[want].key < k << 57)
			want++;
		assert_int_equal(at, want);
	}
	/* A piece of a block holds fewer. */
	for (size_t len = 0; len < b.len; len += 7)
		assert_true(block_find(&f, 0, str_make(b.p, len), UINT64_MAX) <=
			    block_count(&f, str_make(b.p, len)));
	buf_fini(&b);
}

static void a_filter_forgets_nothing(void **unused)
{
	enum { KEYS = 50000 };
	struct filter f;
	int wrong = 0;

	(void)unused;
	filter_init(&f, KEYS);
	assert_int_equal(f.count, KEYS / 8 + 1);
	for (uint64_t i = 0; i < KEYS; i++)
		filter_add(&f, i * i << 16);
	for (uint64_t i = 0; i < KEYS; i++)
		assert_true(filter_may_hold(&f, i * i << 16));
	for (int i = 0; i < KEYS; i++)
		wrong += filter_may_hold(&f, chance() & ~UINT64_C(0xffff));
	assert_true(wrong < KEYS / 15); /* most of what is new is told so */
	filter_fini(&f);
}

static void twice_the_filter_is_wrong_less_often(void **unused)
{
	enum { KEYS = 50000 };
	struct filter f;
	int wrong = 0;

	(void)unused;
	filter_init(&f, 2 * KEYS);
	for (uint64_t i = 0; i < KEYS; i++)
		filter_add(&f, i * i << 16);
	for (int i = 0; i < KEYS; i++)
		wrong += filter_may_hold(&f, chance() & ~UINT64_C(0xffff));
	assert_true(wrong < KEYS / 100);
	filter_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_come_out_as_they_went_in),
		cmocka_unit_test(blocks_follow_each_other),
		cmocka_unit_test(a_block_fills_a_page),
		cmocka_unit_test(a_key_is_found_where_it_stands),
		cmocka_unit_test(a_filter_forgets_nothing),
		cmocka_unit_test(twice_the_filter_is_wrong_less_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
