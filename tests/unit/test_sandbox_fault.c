/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fault_list.h"

static void reads_a_spec(void **state)
{
	struct fault f;
	struct err e;

	(void)state;
	assert_int_equal(
		fault_parse("40100-401:nth=3-7,every=10,count=5,share=0.25,after=5s,"
			    "for=2m,source_id=P,retry_after=9",
			    &f, &e),
		ERR_OK);
	assert_int_equal(f.kind, FAULT_CODE);
	assert_int_equal(f.code, 40100);
	assert_int_equal(f.status, 401);
	assert_int_equal(f.nth_from, 3);
	assert_int_equal(f.nth_to, 7);
	assert_int_equal(f.every, 10);
	assert_int_equal(f.count, 5);
	assert_true(f.share > 0.24 && f.share < 0.26);
	assert_int_equal(f.after_ms, 5000);
	assert_int_equal(f.until_ms, 120000);
	assert_string_equal(f.source_id, "P");
	assert_int_equal(f.retry_after_s, 9);
	assert_int_equal(fault_parse("poison:id=a:b*", &f, &e), ERR_OK);
	assert_string_equal(f.id, "a:b*");
}

static void refuses_what_it_cannot_do(void **state)
{
	static const char *const rows[] = {
		"",
		":",
		"nope",
		"40100:",
		"40100:nth",
		"40100:nth=",
		"40100:nth=-1",
		"40100:nth=1-",
		"slow:ms=x",
		"40100:share=-1",
		"40100:for=1y",
		"http-1000",
		"poison",
		"-1",
		"40100:a=1",
		"reset-within:source_id=P",
		"0",
		"40100:every=0",
		"40100:after=",
		"40100:nth=99999999999999999999",
	};
	struct fault f;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fault_parse(rows[i], &f, &e) != ERR_USAGE)
			fail_msg("'%s' was taken", rows[i]);
}

static size_t fired(const char *spec, uint64_t seed, uint64_t requests)
{
	struct fault_list l = {.seed = seed};
	struct fault f;
	struct err e;
	size_t count = 0;

	assert_int_equal(fault_list_add(&l, spec, &e), ERR_OK);
	fault_list_restart(&l);
	for (uint64_t nth = 1; nth <= requests; nth++)
		count += fault_pick(&l, FAULT_LATE, nth, "P", &f);
	fault_list_fini(&l);
	return count;
}

static void fires_as_often_as_asked(void **state)
{
	static const struct {
		const char *spec;
		size_t least, most; /* of 100000 requests */
	} rows[] = {
		{"50000", 100000, 100000},
		{"50000:nth=5", 1, 1},
		{"50000:nth=5-9", 5, 5},
		{"50000:every=1000", 100, 100},
		{"50000:count=7", 7, 7},
		{"50000:share=0.1", 9500, 10500},
		{"50000:share=0.001", 50, 150},
		{"50000:share=0", 0, 0},
		{"50000:source_id=P", 100000, 100000},
		{"50000:source_id=Q", 0, 0},
		{"50000:after=1h", 0, 0},
		{"50000:for=0", 0, 0},
		{"50000:for=1h", 100000, 100000},
		{"reset-before", 0, 0},
		{"poison:id=*", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t count = fired(rows[i].spec, 1, 100000);

		if (count < rows[i].least || count > rows[i].most)
			fail_msg("%s fired %zu times", rows[i].spec, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_spec),
		cmocka_unit_test(refuses_what_it_cannot_do),
		cmocka_unit_test(fires_as_often_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
