/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event_time.h"
#include "core/time_zone.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BAD (-1)

static int64_t resolve(const struct event_time *in, struct zone *z)
{
	int64_t t = -77;

	if (event_time_resolve(in, z, &t))
		return t;
	assert_int_equal(t, -77);
	return BAD;
}

static void integers(void **state)
{
	static const struct {
		int64_t in, out;
	} rows[] = {
		{1741505400, 1741505400},
		{1741505400123, 1741505400},
		{1741505400123456, 1741505400},
		{1741505400123456789, 1741505400},
		{1741505400999, 1741505400},
		{0, 0},
		{99999999999, 99999999999},
		{100000000000, 100000000},
		{INT64_MAX, 9223372036},
		{-1, BAD},
		{INT64_MIN, BAD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(resolve(&(struct event_time){.kind = EVENT_TIME_INTEGER,
							      .integer = rows[i].in},
					 NULL),
				 rows[i].out);
	assert_int_equal(resolve(&(struct event_time){.kind = EVENT_TIME_NONE}, NULL),
			 BAD);
}

static void reals(void **state)
{
	static const struct {
		double in;
		int64_t out;
	} rows[] = {
		{1741505400.999, 1741505400},
		{1741505400123.7, 1741505400},
		{1.7415054e9, 1741505400},
		{0.5, 0},
		{-0.5, BAD},
		{1e19, BAD},
		{1e308, BAD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(resolve(&(struct event_time){.kind = EVENT_TIME_REAL,
							      .real = rows[i].in},
					 NULL),
				 rows[i].out);
	assert_int_equal(resolve(&(struct event_time){.kind = EVENT_TIME_REAL,
						      .real = (double)NAN},
				 NULL),
			 BAD);
	assert_int_equal(resolve(&(struct event_time){.kind = EVENT_TIME_REAL,
						      .real = (double)INFINITY},
				 NULL),
			 BAD);
}

/* `local` says what is asked of the zone. */
static void texts(void **state)
{
	static const struct {
		const char *in;
		int64_t out;
		bool local;
	} rows[] = {
		{"1741505400", 1741505400, false},
		{" 1741505400\n", 1741505400, false},
		{"1741505400.75", 1741505400, false},
		{"1741505400123", 1741505400, false},
		{"1741505400123456789", 1741505400, false},
		{"0", 0, false},
		{"2025-03-09", 1741496400, true},
		{"2025-03-09T02:30", 1741505400, true},
		{"2025-03-09T02:30:00", 1741505400, true},
		{"2025-03-09 02:30:00", 1741505400, true},
		{"2025-03-09t02:30:00.999999999", 1741505400, true},
		{"2025-03-09T02:30:00,5", 1741505400, true},
		{"20250309T023000", 1741505400, true},
		{"20250309T0230", 1741505400, true},
		{"2025-11-02T01:30:00", 1762061400, true},
		{"2025-03-09T02:30:00Z", 1741487400, false},
		{"2025-03-09T02:30:00z", 1741487400, false},
		{"2025-03-09T02:30Z", 1741487400, false},
		{"2025-03-09 02:30:00 UTC", 1741487400, false},
		{"2025-03-09 03:30:00 +0100", 1741487400, false},
		{"2025-03-09T02:30:00 Z", 1741487400, false},
		{"20250309T023000Z", 1741487400, false},
		{"20250309T023000.123Z", 1741487400, false},
		{"2025-03-09T02:30:00.123Z", 1741487400, false},
		{"2025-03-09T02:30:00+05:45", 1741466700, false},
		{"2025-03-09T02:30:00-0500", 1741505400, false},
		{"2025-03-09 02:30:00-05", 1741505400, false},
		{"20250309T023000-0500", 1741505400, false},
		{"2025-03-09T02:30:00-00:00", 1741487400, false},
		{"2016-12-31T23:59:60Z", 1483228800, false},
		{"2016-12-31T18:59:60", 1483228800, true},
		{"2024-02-29T00:00:00Z", 1709164800, false},
		{"1970-01-01T00:00:00Z", 0, false},
		{"9999-12-31T23:59:59Z", 253402300799, false},
	};
	struct err e;
	struct zone *z = zone_open("America/New_York", &e);

	(void)state;
	assert_non_null(z);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct event_time in = {.kind = EVENT_TIME_TEXT,
					.text = str_of(rows[i].in)};
		int64_t got = resolve(&in, z);

		if (got != rows[i].out || event_time_needs_zone(&in) != rows[i].local)
			fail_msg("'%s': %lld", rows[i].in, (long long)got);
	}
	zone_free(z);
}

static const char *const no_time_rows[] = {"",
					   " ",
					   "now",
					   "-1",
					   "+1",
					   "-1741505400",
					   "1e9",
					   "0x10",
					   "NaN",
					   "Infinity",
					   "1741505400.",
					   "1741505400.x",
					   ".5",
					   "17415O5400",
					   "99999999999999999999",
					   "9223372036854775808",
					   "2025",
					   "2025-3-9",
					   "2025-03",
					   "2025-13-01",
					   "2025-00-01",
					   "2025-01-00",
					   "2025-02-30",
					   "2025-02-29",
					   "1900-02-29T00:00:00Z",
					   "2100-02-29",
					   "2025-04-31",
					   "0000-01-01",
					   "0001-01-01T00:00:00Z",
					   "1969-12-31T23:59:59Z",
					   "2025-03-09T",
					   "2025-03-09T02",
					   "2025-03-09T24:00:00",
					   "2025-03-09T02:60",
					   "2025-03-09T02:30:61",
					   "2025-03-09T2:30",
					   "2025-03-09T02:30:",
					   "2025-03-09T02:30:0",
					   "2025-03-09T02:30:00.",
					   "2025-03-09T02:30:00.Z",
					   "2025-03-09T02:30.5",
					   "2025-03-09T02:30:00+",
					   "2025-03-09T02:30:00+5",
					   "2025-03-09T02:30:00+24:00",
					   "2025-03-09T02:30:00+05:60",
					   "2025-03-09T02:30:00+05:",
					   "2025-03-09T02:30:00+05:4",
					   "2025-03-09T02:30:00  Z",
					   "2025-03-09T02:30:00UTCx",
					   "2025-03-09T02:30:00Zx",
					   "2025-03-09T02:30:00ZZ",
					   "2025-03-09T02:30:00 EST",
					   "2025-03-09T0230",
					   "20250309T02:30",
					   "20250309T",
					   "2025-0309",
					   "202503-09",
					   "2025-03-09  02:30",
					   "03/09/2025",
					   "9 Mar 2025",
					   "9999-12-31T23:59:59-01:00",
					   "12025-03-09",
					   "2025-03-09Z",
					   "\xd9\xa2\xd9\xa0",
					   "1970-01-01T00:00:00+01:00"};

static void no_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(no_time_rows); i++) {
		struct event_time in = {.kind = EVENT_TIME_TEXT,
					.text = str_of(no_time_rows[i])};
		int64_t got = resolve(&in, NULL);

		/* A year alone is a number of seconds. */
		if (got != (strcmp(no_time_rows[i], "2025") == 0 ? 2025 : BAD))
			fail_msg("'%s': %lld", no_time_rows[i], (long long)got);
	}
	assert_int_equal(
		resolve(&(struct event_time){.kind = EVENT_TIME_TEXT,
					     .text = str_make("2025-03-09\0", 11)},
			NULL),
		BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(reals),
		cmocka_unit_test(texts),
		cmocka_unit_test(no_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
