/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/body.h"

#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" /* test */

static const struct {
	const char *body, *shown;
	bool reveal;
} rows[] = {
	{"{}", "{}", false},
	{"[]", "[]", false},
	{"{\"a\":[1.50,\"\\u00e9\"]}",
	 "{\n  \"a\": [\n    1.50,\n    \"\\u00e9\"\n  ]\n}", false},
	{"{\"user\":{\"email\":\"" HASH "\"}}",
	 "{\n  \"user\": {\n    \"email\": \"9f86d081…\"\n  }\n}", false},
	{"{\"user\":{\"ip\":\"test\"}}",
	 "{\n  \"user\": {\n    \"ip\": \"9f86d081…\"\n  }\n}", false},
	{"{\"user\":{\"ip\":\"\\u0074est\"}}",
	 "{\n  \"user\": {\n    \"ip\": \"9f86d081…\"\n  }\n}", false},
	{"{\"user\":{\"phone\":[\"test\"]}}",
	 "{\n  \"user\": {\n    \"phone\": [\n      \"9f86d081…\"\n    ]\n  }\n}", false},
	{"{\"user\":{\"ip\":\"test\"}}", "{\n  \"user\": {\n    \"ip\": \"test\"\n  }\n}",
	 true},
	{"{\"user\":{\"ttclid\":\"test\"},\"ip\":\"test\"}",
	 "{\n  \"user\": {\n    \"ttclid\": \"test\"\n  },\n  \"ip\": \"test\"\n}",
	 false},
};

static void test_prints_and_masks(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&out);
		assert_true(body_print(str_of(rows[i].body), rows[i].reveal, 0, &out));
		assert_string_equal(buf_z(&out), rows[i].shown);
	}
	assert_false(body_print(STR("{\"a\":"), false, 0, &out));
	buf_fini(&out);
}

static void test_tells_the_identifiers(void **state)
{
	static const char body[] =
		"{\"data\":[{\"user\":{\"email\":[\"\\u0074est\",\"" HASH
		"\"],\"ttclid\":\"E.C\"}}]}";
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	body_identifiers(str_of(body), false, &out);
	assert_string_equal(buf_z(&out), "email 9f86d081… 9f86d081…, ttclid E.C");
	buf_clear(&out);
	body_identifiers(str_of(body), true, &out);
	assert_string_equal(buf_z(&out), "email test " HASH ", ttclid E.C");
	buf_clear(&out);
	body_identifiers(STR("{\"data\":[{\"event\":\"x\"}]}"), false, &out);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prints_and_masks),
		cmocka_unit_test(test_tells_the_identifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
