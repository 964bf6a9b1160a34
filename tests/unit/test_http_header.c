/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "net/http_header.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int64_t retry_after(const char *value)
{
	char line[128];
	int64_t ms = -1, date = -1;

	snprintf(line, sizeof(line), "%s", value);
	http_header_read(str_of(line), &ms, &date);
	assert_int_equal(date, -1);
	return ms;
}

static void how_long_to_be_quiet(void **state)
{
	static const struct {
		const char *line;
		int64_t ms; /* -1: it does not say */
	} rows[] = {
		{"Retry-After: 0\r\n", 0},
		{"Retry-After: 30\r\n", 30000},
		{"retry-after:30", 30000},
		{"Retry-After: 86400", 86400000},
		{"Retry-After: 86401", 86400000},
		{"Retry-After: 9223372036854775", 86400000},
		{"Retry-After: 9223372036854775807", 86400000},
		{"Retry-After: 99999999999999999999", 86400000},
		{"Retry-After: -5", 0},
		{"Retry-After: soon", 0},
		{"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", 0},
		{"Retry-After: Fri, 21 Oct 2950 07:28:00 GMT", 86400000},
		{"Retry-After:", -1},
		{"X-Retry-After: 30", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (retry_after(rows[i].line) != rows[i].ms)
			fail_msg("%s: %lld", rows[i].line,
				 (long long)retry_after(rows[i].line));
}

static int64_t retry_after_in(time_t seconds)
{
	time_t at = time(NULL) + seconds;
	char line[64];

	strftime(line, sizeof(line), "Retry-After: %a, %d %b %Y %H:%M:%S GMT",
		 gmtime(&at));
	return retry_after(line);
}

/* A date counts from now; some of a second may have gone. */
static void until_a_date(void **state)
{
	(void)state;
	assert_in_range(retry_after_in(60), 58000, 60000);
	assert_in_range(retry_after_in(23 * 3600), 23 * 3600000 - 2000, 23 * 3600000);
	assert_int_equal(retry_after_in(25 * 3600), 86400000);
	assert_int_equal(retry_after_in(-60), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_long_to_be_quiet),
		cmocka_unit_test(until_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
