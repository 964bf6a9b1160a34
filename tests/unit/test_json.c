/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/decimal.h"
#include "core/json.h"

/* For tables: STR is no constant expression. */
#define S(literal)                                                                       \
	{                                                                                \
		"" literal, sizeof(literal) - 1                                          \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The text in memory of just its size, so that a read behind it is seen. */
static enum json_verdict scan(struct json *j, struct str text)
{
	static char *copy;

	free(copy);
	copy = malloc(text.len ? text.len : 1);
	assert_non_null(copy);
	if (text.len > 0)
		memcpy(copy, text.p, text.len);
	return json_scan(j, str_make(copy, text.len));
}

static const struct {
	struct str text;
	bool good;
} texts[] = {
	{S("{}"), true},
	{S(" [ ] "), true},
	{S("\"\""), true},
	{S("-0.5e+10"), true},
	{S("{\"a\":[1,2,{\"b\":null}],\"c\":true}"), true},
	{S("[\"plain text of more than eight bytes\"]"), true},
	{S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\""), true},
	{S("\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""), true},
	{S("\"\x7f\""), true},
	{S(""), false},
	{S(" "), false},
	{S("\"]"), false},
	{S("\"a]\""), true},
	{S("1]"), false},
	{S("true}"), false},
	{S("[1]]"), false},
	{S("{\"a\":1}}"), false},
	{S("{\"a\":\"}"), false},
	{S("[\"]"), false},
	{S("[\"\\]"), false},
	{S("]"), false},
	{S("}"), false},
	{S("[}"), false},
	{S("[[1]"), false},
	{S("[[1] 2]"), false},
	{S("{\"a}"), false},
	{S("{\"a\"]"), false},
	{S("{]"), false},
	{S("[,]"), false},
	{S("[tru]"), false},
	{S("[1.]"), false},
	{S("[-]"), false},
	{S("[1e]"), false},
	{S(" [1] \n\t\r"), true},
	{S("[1]\v"), false},
	{S("{\"a\":{\"b\":[{}]}}"), true},
	{S("{} x"), false},
	{S("{}{}"), false},
	{S("[1,]"), false},
	{S("[,1]"), false},
	{S("[1 2]"), false},
	{S("{\"a\":1,}"), false},
	{S("{\"a\"}"), false},
	{S("{\"a\":}"), false},
	{S("{a:1}"), false},
	{S("{'a':1}"), false},
	{S("{1:1}"), false},
	{S("[1}"), false},
	{S("{\"a\":1]"), false},
	{S("["), false},
	{S("{\"a\":[1"), false},
	{S("01"), false},
	{S("+1"), false},
	{S(".5"), false},
	{S("5."), false},
	{S("1e"), false},
	{S("1e+"), false},
	{S("-"), false},
	{S("NaN"), false},
	{S("Infinity"), false},
	{S("tru"), false},
	{S("truex"), false},
	{S("\"abc"), false},
	{S("\"a\nb\""), false},
	{S("\"\\x41\""), false},
	{S("\"\\u12\""), false},
	{S("\"\\u12g4\""), false},
	{S("\"\\\""), false},
	{S("\"\\u0000\""), false},
	{S("\"a\0b\""), false},
	{S("{}\0"), false},
	{S("\"\\ud800\""), false},
	{S("\"\\ud800x\""), false},
	{S("\"\\ud800\\u0041\""), false},
	{S("\"\\udc00\""), false},
	{S("\"\xc0\xaf\""), false},
	{S("\"\xe0\x80\xaf\""), false},
	{S("\"\xed\xa0\x80\""), false},
	{S("\"\xf0\x80\x80\x80\""), false},
	{S("\"\xf4\x90\x80\x80\""), false},
	{S("\"\xf8\x88\x80\x80\x80\""), false},
	{S("\"\xc3\""), false},
	{S("\"\x80\""), false},
	{S("\xef\xbb\xbf{}"), false},
	{S("/**/{}"), false},
};

static void takes_json_and_nothing_else(void **state)
{
	struct json j;

	(void)state;
	json_init(&j);
	for (size_t i = 0; i < COUNT(texts); i++)
		if ((scan(&j, texts[i].text) == JSON_OK) != texts[i].good)
			fail_msg("%.*s", STR_ARG(texts[i].text));
	json_fini(&j);
}

static void bounds_depth_and_tokens(void **state)
{
	struct json j;
	struct buf text;

	(void)state;
	json_init(&j);
	buf_init(&text, 1 << 20);
	for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		buf_clear(&text);
		for (int i = 0; i < depth; i++)
			buf_addc(&text, '[');
		for (int i = 0; i < depth; i++)
			buf_addc(&text, ']');
		assert_int_equal(scan(&j, buf_str(&text)),
				 depth > JSON_DEPTH_MAX ? JSON_TOO_DEEP : JSON_OK);
	}
	buf_clear(&text);
	buf_addc(&text, '[');
	while (text.len < (1 << 20) - 3)
		buf_adds(&text, STR("1,"));
	buf_adds(&text, STR("1]"));
	assert_int_equal(scan(&j, buf_str(&text)), JSON_TOO_MANY);
	assert_true(j.cap <= JSON_TOKENS_MAX);
	buf_fini(&text);
	json_fini(&j);
}

static void finds_members(void **state)
{
	struct json j;
	struct buf out;
	uint32_t at;

	(void)state;
	json_init(&j);
	buf_init(&out, 100);
	assert_int_equal(
		scan(&j, STR("{\"a\":{\"b\":1},\"b\":[2,3],\"\\u0062\":\"\\u00e9\\n"
			     "\\ud83d\\ude00\",\"c\":4}")),
		JSON_OK);
	assert_int_equal(json_find(&j, 0, STR("x")), JSON_NONE);
	at = json_find(&j, 0, STR("b"));
	assert_int_equal(j.t[at].type, TOKEN_STRING);
	json_unescape(&j, at, &out);
	assert_string_equal(buf_z(&out), "\xc3\xa9\n\xf0\x9f\x98\x80");
	at = json_find(&j, 0, STR("a"));
	at = json_find(&j, at, STR("b"));
	assert_true(str_eq(json_bytes(&j, at), STR("1")));
	buf_fini(&out);
	json_fini(&j);
}

static void flags_what_is_empty_or_huge(void **state)
{
	static const struct {
		struct str text;
		unsigned flags;
	} rows[] = {
		{S("{\"a\":1}"), 0},
		{S("{\"a\":\"\"}"), TOKEN_EMPTY},
		{S("[[],1]"), TOKEN_EMPTY},
		{S("{\"a\":{\"b\":[1,null]}}"), TOKEN_EMPTY},
		{S("{\"\":1}"), 0},
		{S("[1e308]"), 0},
		{S("[[1e309]]"), TOKEN_HUGE},
		{S("[0e999]"), 0},
		{S("[1e-999]"), 0},
	};
	struct json j;

	(void)state;
	json_init(&j);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(scan(&j, rows[i].text), JSON_OK);
		assert_int_equal(j.t[0].flags, rows[i].flags);
	}
	json_fini(&j);
}

static void prints_numbers_alike(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"0", "0"},
		{"-0", "0"},
		{"-0.00", "0"},
		{"0e5", "0"},
		{"29.99", "29.99"},
		{"29.990", "29.99"},
		{"2.999e1", "29.99"},
		{"2999E-2", "29.99"},
		{"-1.50", "-1.5"},
		{"100", "100"},
		{"1e2", "100"},
		{"10.0e1", "100"},
		{"0.001", "0.001"},
		{"1e-6", "0.000001"},
		{"1e-7", "1e-7"},
		{"0.00000012", "1.2e-7"},
		{"1e20", "100000000000000000000"},
		{"123e18", "123000000000000000000"},
		{"1e21", "1e+21"},
		{"1.5e300", "1.5e+300"},
		{"9007199254740993", "9007199254740993"},
		{"9007199254740993.0", "9007199254740993"},
		{"0.1000000000000000055", "0.1000000000000000055"},
		{"102.030", "102.03"},
		{"1e9999999999999999999999", "1e+1000000000000"},
	};
	struct decimal d;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(rows) - 1; i++) {
		buf_clear(&out);
		assert_true(decimal_read(str_of(rows[i].in), &d));
		decimal_print(&d, &out);
		assert_string_equal(buf_z(&out), rows[i].out);
	}
	assert_true(decimal_read(str_of(rows[COUNT(rows) - 1].in), &d));
	assert_true(decimal_is_huge(&d));
	buf_fini(&out);
}

static void knows_whole_and_finite_numbers(void **state)
{
	static const struct {
		const char *in;
		int64_t whole; /* -1: it is not */
		bool finite;
	} rows[] = {
		{"0", 0, true},
		{"0.0", 0, true},
		{"0e7", 0, true},
		{"7", 7, true},
		{"2.0", 2, true},
		{"20e-1", 2, true},
		{"1.2e3", 1200, true},
		{"2.5", -1, true},
		{"123456789012345678", 123456789012345678, true},
		{"1234567890123456789", -1, true},
		{"1e18", -1, true},
		{"1.7976931348623157e308", -1, true},
		{"1.7976931348623158e308", -1, true},
		{"1.7976931348623159e308", -1, false},
		{"17976931348623159e292", -1, false},
		{"1e309", -1, false},
	};
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t whole = -1;

		assert_true(decimal_read(str_of(rows[i].in), &d));
		assert_int_equal(decimal_to_integer(&d, &whole), rows[i].whole >= 0);
		assert_int_equal(whole, rows[i].whole);
		if (decimal_is_huge(&d) == rows[i].finite)
			fail_msg("%s", rows[i].in);
	}
	assert_false(decimal_read(STR(""), &d));
	assert_false(decimal_read(STR(" 1"), &d));
	assert_false(decimal_read(STR("1,234.50"), &d));
}

/* Around the words that it is read by. */
static void knows_utf8(void **state)
{
	static const struct {
		struct str text;
		bool good;
	} rows[] = {
		{S(""), true},
		{S("7c9e6679-7425-40de"), true},
		{S("12345678\xff"), false},
		{S("12345678\xc3"), false},
		{S("1234567890\xc3\xa9"), true},
		{S("\xc3\xa9"
		   "1234567890"),
		 true},
		{S("\xc3"
		   "1234567890123"),
		 false},
		{S("1234567\xe2\x82\xac"), true},
		{S("1234567\xe2\x82"
		   "12345678"),
		 false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (utf8_valid(rows[i].text) != rows[i].good)
			fail_msg("%s", rows[i].text.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_utf8),
		cmocka_unit_test(takes_json_and_nothing_else),
		cmocka_unit_test(bounds_depth_and_tokens),
		cmocka_unit_test(finds_members),
		cmocka_unit_test(flags_what_is_empty_or_huge),
		cmocka_unit_test(prints_numbers_alike),
		cmocka_unit_test(knows_whole_and_finite_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
