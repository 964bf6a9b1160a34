/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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
		{"Retry-After: Fri, 21 Oct 2950 07:28:00 GMT", 0},
		{"Retry-After:", -1},
		{"X-Retry-After: 30", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (retry_after(rows[i].line) != rows[i].ms)
			fail_msg("%s: %lld", rows[i].line,
				 (long long)retry_after(rows[i].line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_long_to_be_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
