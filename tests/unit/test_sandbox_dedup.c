/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dedup.h"

#define START 1700000000u

static void forgets_after_48_hours(void **state)
{
	static const struct {
		const char *what;
		uint32_t at_s;
		bool is_new;
	} rows[] = {
		{"the first", START, true},
		{"at once", START, false},
		{"5 minutes on", START + 300, false},
		{"48 hours on", START + DEDUP_WINDOW_S, false},
		{"and a second: the window does not slide", START + DEDUP_WINDOW_S + 1,
		 true},
		{"which begins a new one", START + 2 * DEDUP_WINDOW_S, false},
		{"the clock went back", START - 86400, false},
	};
	struct dedup d = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (dedup_add(&d, "P", "Purchase", "1", rows[i].at_s) != rows[i].is_new)
			fail_msg("%s", rows[i].what);
	assert_int_equal(d.used, 1);
	dedup_fini(&d);
}

static void tells_the_parts_apart(void **state)
{
	static const char *const rows[][3] = {
		{"a", "b", "c"}, {"ab", "", "c"}, {"", "ab", "c"}, {"a", "bc", ""},
		{"a", "b", "C"}, {"A", "b", "c"}, {"", "", ""},
	};
	struct dedup d = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(dedup_add(&d, rows[i][0], rows[i][1], rows[i][2], START));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(dedup_add(&d, rows[i][0], rows[i][1], rows[i][2], START));
	dedup_fini(&d);
}

static bool add_number(struct dedup *d, int number, uint32_t at_s)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", number);
	return dedup_add(d, "P", "Purchase", id, at_s);
}

static void grows_and_loses_none(void **state)
{
	struct dedup d = {0};

	(void)state;
	for (int i = 0; i < 200000; i++)
		assert_true(add_number(&d, i, START));
	for (int i = 0; i < 200000; i++)
		assert_false(add_number(&d, i, START + 1));
	assert_int_equal(d.used, 200000);
	assert_true(d.size * sizeof(*d.slots) <= (size_t)200000 * 48);
	dedup_fini(&d);
}

static void drops_the_old_when_it_grows(void **state)
{
	struct dedup d = {0};

	(void)state;
	for (int i = 0; i < 700; i++)
		add_number(&d, i, START);
	for (int i = 700; i < 800; i++)
		add_number(&d, i, START + DEDUP_WINDOW_S + 1);
	assert_int_equal(d.used, 100);
	assert_false(add_number(&d, 750, START + DEDUP_WINDOW_S + 1));
	assert_true(add_number(&d, 1, START + DEDUP_WINDOW_S + 1));
	dedup_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgets_after_48_hours),
		cmocka_unit_test(tells_the_parts_apart),
		cmocka_unit_test(grows_and_loses_none),
		cmocka_unit_test(drops_the_old_when_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
