/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "core/json_place.h"

#define FOUR(x) x x x x
#define DEEP FOUR(FOUR(FOUR("[")))

/* clang-format off: a row a line */
static const struct {
	const char *text, *place;
} rows[] = {
	{"{}", NULL},
	{" [ ] ", NULL},
	{"{\"a\":[1,-2.5e3,{}],\"b\":{\"c\":null}, \"d\" : \"\\u00e4\xc3\xa4\"}\n", NULL},
	{"17", NULL},
	{"", "line 1, column 1, its end"},
	{"  ", "line 1, column 3, its end"},
	{"{", "line 1, column 2, its end"},
	{"{bad", "line 1, column 2"},
	{"{\"a\"", "line 1, column 5, its end"},
	{"{\"a\" 1}", "line 1, column 6"},
	{"{\"a\":}", "line 1, column 6"},
	{"{\"a\":1,}", "line 1, column 8"},
	{"{\"a\":1 \"b\":2}", "line 1, column 8"},
	{"{\"a\":1}}", "line 1, column 8"},
	{"{\"a\":[1,2}", "line 1, column 10"},
	{"[1,,2]", "line 1, column 4"},
	{"{\n  \"a\": 1,\n  \"b\": undefined\n}", "line 3, column 8"},
	{"{\"a\":nul}", "line 1, column 6"},
	{"{\"a\":01}", "line 1, column 6"},
	{"{\"a\":1.}", "line 1, column 6"},
	{"{\"a\":1e}", "line 1, column 6"},
	{"{\"a\":-}", "line 1, column 6"},
	{"{'a':1}", "line 1, column 2"},
	{"{\"a\":1} x", "line 1, column 9"},
	/* Strings: the byte, or else where the string begins. */
	{"{\"\xc3\xa4\xc3\xb6\":\"M\xfcller\"}", "line 1, column 9"},
	{"{\"a\":\"x\ny\"}", "line 1, column 8"},
	{"{\"a\":\"open}", "line 1, column 6"},
	{"{\"a\":\"x\\q\"}", "line 1, column 6"},
	{"{\"a\":\"\\ud800\"}",
	 "line 1, column 6, half of a character (\\ud800 to \\udfff alone)"},
	{"{\"a\":\"\\\"\\ud83d\\ude00\\uDE00x\"}",
	 "line 1, column 6, half of a character (\\ud800 to \\udfff alone)"},
	{"{\"a\":\"\\ud83d\\ude00\\q\"}", "line 1, column 6"},
	{"{\"a\":\"\\u0000\"}", "line 1, column 6"},
	{"{\"a\":\"\\", "line 1, column 6"},
	{DEEP "1", "line 1, column 66, its end"},
	{DEEP "[", "line 1, column 65"},
};
/* clang-format on */

static void finds_the_first_that_cannot_stand_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str text = str_of(rows[i].text);
		struct buf told;
		size_t at;

		buf_init(&told, 100);
		if (json_place(text, &at) != (rows[i].place != NULL))
			fail_msg("row %zu", i);
		if (rows[i].place) {
			json_place_tell(text, at, &told);
			if (!str_eq(buf_str(&told), str_of(rows[i].place)))
				fail_msg("row %zu: %s", i, buf_z(&told));
		}
		buf_fini(&told);
	}
}

static uint32_t chance(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

/* Whatever the text: there is a place where, and only where, the reader refuses it. */
static void agrees_with_the_reader(void **state)
{
	static const char bytes[] = "{}[]:,\"\"\"\\u0ndfe1-. \n\xc3\xa4\xff\x01tru";
	static const char whole[] =
		"{\"a\":[1,{\"b\":\"x\\u00e4\"},true,null],\"c\":-1.5e2}";
	uint32_t seed = 7;
	struct json json;

	(void)state;
	json_init(&json);
	for (int i = 0; i < 200000; i++) {
		char text[64];
		size_t len = 1 + chance(&seed, 12), at;
		enum json_verdict verdict;

		for (size_t b = 0; b < len; b++)
			text[b] = bytes[chance(&seed, sizeof(bytes) - 1)];
		if (i % 2 == 0) {
			len = sizeof(whole) - 1;
			memcpy(text, whole, len);
			text[chance(&seed, (uint32_t)len)] =
				bytes[chance(&seed, sizeof(bytes) - 1)];
		}
		verdict = json_scan(&json, str_make(text, len));
		if (json_place(str_make(text, len), &at) != (verdict != JSON_OK))
			fail_msg("%.*s", (int)len, text);
		assert_true(at <= len);
	}
	json_fini(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_first_that_cannot_stand_there),
		cmocka_unit_test(agrees_with_the_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
