/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kin.h"
#include "core/met.h"

static uint64_t node(uint64_t n)
{
	return n << 3 | IDENTITY_EMAIL;
}

static void put(struct kin *k, uint64_t a, uint64_t b, int64_t at_s)
{
	struct kin_edge edge = {.end = {node(a), node(b)},
				.at_s = at_s,
				.row_id = 1,
				.source = IDENTITY_VISIT};

	kin_put(k, &edge);
}

static size_t degree(const struct kin *k, uint64_t n)
{
	size_t count = 0;

	for (uint32_t at = kin_first(k, node(n)); at; at = kin_next(k, at))
		count++;
	return count;
}

static void test_both_sides_find_each_other_in_a_large_crowd(void **state)
{
	struct kin k = {0};

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 1; i <= 5000; i++)
			put(&k, i, i % 7 + 10000, (int64_t)i);
		for (uint64_t i = 1; i <= 5000; i++) {
			assert_int_equal(degree(&k, i), 1);
			assert_true(kin_other(&k, kin_first(&k, node(i))) ==
				    node(i % 7 + 10000));
		}
		assert_int_equal(degree(&k, 10001), 715);
		assert_int_equal(degree(&k, 6000), 0);
		kin_clear(&k);
		assert_int_equal(degree(&k, 1), 0);
	}
	kin_fini(&k);
}

static void test_a_pair_is_there_from_its_sighting_on(void **state)
{
	struct kin k = {0};

	(void)state;
	assert_false(kin_has(&k, node(1), node(2), 100));
	put(&k, 1, 2, 50);
	put(&k, 1, 3, 10);
	assert_true(kin_has(&k, node(2), node(1), 50));
	assert_false(kin_has(&k, node(1), node(2), 49));
	assert_false(kin_has(&k, node(2), node(3), 100));
	kin_fini(&k);
}

static void test_the_edges_of_some_rows_go(void **state)
{
	const int64_t rows[] = {2, 3, 9};
	struct kin k = {0};

	(void)state;
	for (uint64_t i = 1; i <= 200; i++) {
		struct kin_edge edge = {.end = {node(i), node(i + 1)},
					.row_id = (int64_t)(i % 10)};

		kin_put(&k, &edge);
	}
	kin_drop_rows(&k, rows, 3);
	assert_int_equal(k.count, 140);
	assert_int_equal(degree(&k, 3), 0);   /* 2-3, 3-4 */
	assert_int_equal(degree(&k, 194), 1); /* 193-194 went */
	assert_int_equal(degree(&k, 196), 2);
	kin_drop_rows(&k, rows, 3);
	assert_int_equal(k.count, 140);
	kin_fini(&k);
}

static void test_a_row_is_a_star_without_what_is_known(void **state)
{
	struct identifiers ids = {.count = 4};
	bool known[IDENTIFIERS_MAX] = {[2] = true};
	struct kin k = {0};

	(void)state;
	for (size_t i = 0; i < ids.count; i++)
		ids.id[i].node = node(i + 1);
	kin_put_row(&k, &ids, known, 5, 9, IDENTITY_CONSENT);
	assert_int_equal(k.count, 2);
	assert_int_equal(degree(&k, 1), 2);
	assert_int_equal(degree(&k, 3), 0);
	assert_int_equal(k.edges[1].row_id, 9);
	ids.count = 1;
	kin_put_row(&k, &ids, NULL, 5, 9, IDENTITY_CONSENT);
	assert_int_equal(k.count, 2);
	kin_fini(&k);
}

static void test_who_gains_by_an_edge(void **state)
{
	static const struct {
		uint64_t a, b;
		bool gains;
	} rows[] = {
		{1, 2, false}, /* row 0 has both, */
		{1, 3, true},  /* but not this */
		{3, 1, true},  /* whichever side it is on */
		{5, 4, true},  /* row 2 has 4 alone, */
		{2, 4, true},  /* and so has row 0 with 2 */
		{8, 9, false}, /* nobody's */
		{4, 6, false}, /* rows 1 and 2 have both */
	};
	struct met m = {0};

	(void)state;
	met_index(&m);
	assert_false(met_gains(&m, (uint64_t[]){node(1), node(2)}));
	met_add(&m, 0, node(1));
	met_add(&m, 0, node(2));
	met_add(&m, 1, node(4));
	met_add(&m, 1, node(6));
	met_add(&m, 2, node(6));
	met_add(&m, 2, node(4));
	met_index(&m);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (met_gains(&m, (uint64_t[]){node(rows[i].a), node(rows[i].b)}) !=
		    rows[i].gains)
			fail_msg("row %zu", i);
	met_clear(&m);
	for (uint32_t i = 0; i < 2000; i++)
		met_add(&m, i, node(i));
	met_index(&m);
	assert_true(met_gains(&m, (uint64_t[]){node(1999), node(5000)}));
	assert_false(met_gains(&m, (uint64_t[]){node(2000), node(5000)}));
	met_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_sides_find_each_other_in_a_large_crowd),
		cmocka_unit_test(test_a_pair_is_there_from_its_sighting_on),
		cmocka_unit_test(test_the_edges_of_some_rows_go),
		cmocka_unit_test(test_a_row_is_a_star_without_what_is_known),
		cmocka_unit_test(test_who_gains_by_an_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
