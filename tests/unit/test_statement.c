/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/statement.h"

#define INT(n)                                                                           \
	{                                                                                \
		.kind = EVENT_TIME_INTEGER, .integer = (n)                               \
	}
#define REAL(n)                                                                          \
	{                                                                                \
		.kind = EVENT_TIME_REAL, .real = (n)                                     \
	}
#define TEXT(s)                                                                          \
	{                                                                                \
		.kind = EVENT_TIME_TEXT, .text = { s, sizeof(s) - 1 }                    \
	}

static void test_times_keep_their_milliseconds(void **state)
{
	static const struct {
		struct event_time in;
		int64_t ms; /* -1: none */
	} rows[] = {
		{INT(1700000000), 1700000000000},
		{INT(1700000000123), 1700000000123},
		{INT(1700000000123456), 1700000000123},
		{INT(1700000000123456789), 1700000000123},
		{REAL(1700000000.5), 1700000000500},
		{REAL(1700000000123.0), 1700000000123},
		{TEXT("2023-11-14T22:13:20Z"), 1700000000000},
		{TEXT("2023-11-14T22:13:20.1Z"), 1700000000100},
		{TEXT("2023-11-14T22:13:20,123456+00:00"), 1700000000123},
		{TEXT("yesterday"), -1},
		{{.kind = EVENT_TIME_NONE}, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ms = -1;

		if (statement_time_ms(&rows[i].in, NULL, &ms) != (rows[i].ms >= 0) ||
		    ms != rows[i].ms)
			fail_msg("row %zu: %lld", i, (long long)ms);
	}
}

static void test_after(void **state)
{
	static const struct {
		int64_t stated_ms, ms;
		bool after;
	} rows[] = {
		{1500, 1499, true},  {1500, 1500, false},
		{1500, 1501, false}, {1000, 1999, true}, /* somewhere in that second */
		{1000, 2000, false}, {2000, 1999, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct statement s = {.stated_ms = rows[i].stated_ms};

		if (statement_is_after(&s, rows[i].ms) != rows[i].after)
			fail_msg("row %zu", i);
	}
}

static void test_packed_and_back(void **state)
{
	(void)state;
	for (int packed = 0; packed < 256; packed++) {
		struct consent c = statement_unpack(packed);

		assert_true(c.stated);
		assert_int_equal(statement_pack(&c), packed);
	}
}

static void test_the_later_row_of_one_time_is_newer(void **state)
{
	struct statement a = {.stated_ms = 5, .consent_id = 1};
	struct statement b = {.stated_ms = 5, .consent_id = 2};
	struct statement c = {.stated_ms = 6, .consent_id = 0};

	(void)state;
	assert_true(statement_is_newer(&b, &a));
	assert_false(statement_is_newer(&a, &b));
	assert_true(statement_is_newer(&c, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_keep_their_milliseconds),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_packed_and_back),
		cmocka_unit_test(test_the_later_row_of_one_time_is_newer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
