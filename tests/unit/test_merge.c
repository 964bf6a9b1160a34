/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "core/merge.h"

static const struct {
	const char *first, *second, *merged;
} rows[] = {
	{"{}", "{\"a\":1}", "{\"a\":1}"},
	{"{\"a\":1}", "{}", "{\"a\":1}"},
	{"{\"a\":1}", "{\"a\":2}", "{\"a\":1}"},
	{"{\"a\":0,\"b\":false}", "{\"a\":2,\"b\":true}", "{\"a\":0,\"b\":false}"},
	{"{\"a\":null,\"b\":\"\",\"c\":[],\"d\":{}}",
	 "{\"a\":1,\"b\":\"x\",\"c\":[2],\"d\":{\"e\":3}}",
	 "{\"a\":1,\"b\":\"x\",\"c\":[2],\"d\":{\"e\":3}}"},
	{"{\"user\":{\"email\":\"a@b.de\"}}",
	 "{\"user\":{\"email\":\"z@b.de\",\"phone\":\"+4912345678\"}}",
	 "{\"user\":{\"email\":\"a@b.de\",\"phone\":\"+4912345678\"}}"},
	{"{\"a\":\" \"}", "{\"a\":\"x\"}", "{\"a\":\"x\"}"},
	{"{\"a\":[\"\",null,[\" \"]]}", "{\"a\":\"x\"}", "{\"a\":\"x\"}"},
	{"{\"a\":[\"\",0]}", "{\"a\":\"x\"}", "{\"a\":[\"\",0]}"},
	{"{\"c\":[1]}", "{\"c\":[2,3]}", "{\"c\":[1]}"},
	{"{ \"v\" : 29.990 }", "{\"v\":1,\"w\":\"\\u00e9\"}",
	 "{\"v\":29.990,\"w\":\"\\u00e9\"}"},
	{"{\"a\":1}", "{\"a\":{\"b\":2}}", "{\"a\":1}"},
	/* a name may be written in two ways, or twice: the last one counts */
	{"{\"ab\":1}", "{\"\\u0061b\":2,\"c\":3}", "{\"ab\":1,\"c\":3}"},
	{"{\"\\u0061b\":1}", "{\"ab\":2}", "{\"\\u0061b\":1}"},
	{"{\"a\":\"\"}", "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
};

static void fills_what_is_empty(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		buf_init(&out, 1000);
		assert_true(payload_merge(str_of(rows[i].first), str_of(rows[i].second),
					  &out));
		assert_string_equal(buf_z(&out), rows[i].merged);
		buf_fini(&out);
	}
}

static void refuses_what_is_no_object(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	assert_false(payload_merge(STR("[1]"), STR("{}"), &out));
	assert_false(payload_merge(STR("{}"), STR("{"), &out));
	assert_false(payload_merge(STR("{\"a\":\"0123456789\"}"), STR("{}"), &out));
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

/* 60,000 members on each side, half of them known: a second of this would hold up others. */
static void large_ones_take_no_time(void **state)
{
	enum { COUNT = 60000 };
	struct timespec from, to;
	struct buf a, b, out;

	(void)state;
	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	buf_init(&out, 2 << 20);
	for (int i = 0; i < COUNT; i++) {
		buf_addf(&a, "%c\"k%d\":1", i ? ',' : '{', i);
		buf_addf(&b, "%c\"k%d\":2", i ? ',' : '{', i + COUNT / 2);
	}
	buf_addc(&a, '}');
	buf_addc(&b, '}');
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_true(payload_merge(buf_str(&a), buf_str(&b), &out));
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true((double)(to.tv_sec - from.tv_sec) +
			    (double)(to.tv_nsec - from.tv_nsec) / 1e9 <
		    1.0);
	assert_true(out.len > a.len && out.len < a.len + b.len);
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_what_is_empty),
		cmocka_unit_test(large_ones_take_no_time),
		cmocka_unit_test(refuses_what_is_no_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
