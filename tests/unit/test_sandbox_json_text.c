/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json_text.h"

static const struct {
	const char *text;
	const char *data; /* NULL: not there */
} rows[] = {
	{"{\"data\":[1]}", "[1]"},
	{" { \"a\" : 1 , \"data\" : [ 1 , 2 ] } ", "[ 1 , 2 ]"},
	{"{\"data\":29.990,\"b\":2}", "29.990"},
	{"{\"data\":\"a\\\"},]\\\\\",\"b\":2}", "\"a\\\"},]\\\\\""},
	{"{\"a\":{\"data\":1},\"b\":[{\"data\":2}]}", NULL},
	{"{\"a\":\"data\",\"data\":null}", "null"},
	{"{\"data\":1,\"data\":[{\"x\":\"]\"}]}", "[{\"x\":\"]\"}]"},
	{"{\"data2\":1,\"dat\":2}", NULL},
	{"{}", NULL},
	{"[\"data\",1]", NULL},
	{"", NULL},
	/* what is no JSON must not be read past its end */
	{"{", NULL},
	{"{\"", NULL},
	{"{\"data", NULL},
	{"{\"data\"", NULL},
	{"{\"data\":", NULL},
	{"{\"data\":[1", "[1"},
	{"{\"data\":\"\\", "\"\\"},
	{"{\"a\":1}}}]]", NULL},
};

static void finds_the_member_as_it_was_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].text);
		char *text = malloc(len + 1); /* no NUL to stop at: for the sanitizer */
		struct str found;

		assert_non_null(text);
		memcpy(text + 1, rows[i].text, len);
		found = json_text_member(str_make(text + 1, len), "data");
		if (!str_eq(found, str_of(rows[i].data)))
			fail_msg("%s: found '%.*s'", rows[i].text, STR_ARG(found));
		free(text);
	}
}

static const struct {
	const char *text, *wide;
} integers[] = {
	{"18446744073709551615", "18446744073709551615.0"},
	{"[-9223372036854775809,1]", "[-9223372036854775809.0,1]"},
	{"{\"a\":123456789012345678}", "{\"a\":123456789012345678}"},
	{"{\"18446744073709551615\":\"\\\"18446744073709551615\"}",
	 "{\"18446744073709551615\":\"\\\"18446744073709551615\"}"},
	{"[1844674407370955161.5,1844674407370955161e5,1844674407370955161E5]",
	 "[1844674407370955161.5,1844674407370955161e5,1844674407370955161E5]"},
	{"[11111111111111111111 ,22222222222222222222]",
	 "[11111111111111111111.0 ,22222222222222222222.0]"},
	{"", ""},
	{"\"1844674407370955161", "\"1844674407370955161"},
};

static void writes_big_integers_as_real(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		struct buf out;

		buf_init(&out, 1024);
		json_text_widen(str_of(integers[i].text), &out);
		assert_string_equal(buf_z(&out), integers[i].wide);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_member_as_it_was_written),
		cmocka_unit_test(writes_big_integers_as_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
