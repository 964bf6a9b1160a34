/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/html.h"

#define FFFD "\xef\xbf\xbd"

static void text_stays_text(void **state)
{
	static const struct {
		const char *in;
		size_t len; /* 0: strlen */
		const char *out;
	} rows[] = {
		{"plain, tab\tand\nline", 0, "plain, tab\tand\nline"},
		{"<script>", 0, "&#60;script&#62;"},
		{"\"'`&amp;", 0, "&#34;&#39;&#96;&#38;amp;"},
		{"Stra\xc3\x9f"
		 "e \xe2\x82\xac \xf0\x9f\x9b\x92",
		 0,
		 "Stra\xc3\x9f"
		 "e \xe2\x82\xac \xf0\x9f\x9b\x92"},
		{"a\0b", 3, "a" FFFD "b"},
		{"\x1b[31m\x7f", 0, FFFD "[31m" FFFD},
		{"\xc2\x9b\xc2\xa0", 0, FFFD "\xc2\xa0"},
		{"\xff<\xc3", 0, FFFD "&#60;" FFFD},
		{"\xc0\xbcscript", 0, FFFD FFFD "script"}, /* an overlong < */
		{"\xed\xa0\x80", 0, FFFD FFFD FFFD},       /* a lone surrogate */
		{"a\xe2\x80\xae"
		 "b\xe2\x81\xa6\xe2\x80\xac",
		 0, "a" FFFD "b" FFFD FFFD},
		{"\xe2\x80\x94\xe2\x81\xaa", 0, "\xe2\x80\x94\xe2\x81\xaa"},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].in);

		buf_clear(&b);
		html_add(&b, str_make(rows[i].in, len));
		assert_string_equal(buf_z(&b), rows[i].out);
	}
	buf_fini(&b);
}

static void cuts_between_characters(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	html_add_cut(&b, STR("a\xe2\x82\xac<b"), 3);
	assert_string_equal(buf_z(&b), "a\xe2\x82\xac&#60;\xe2\x80\xa6");
	buf_clear(&b);
	html_add_cut(&b, STR("abc"), 3);
	assert_string_equal(buf_z(&b), "abc");
	buf_fini(&b);
}

static void counts_are_grouped(void **state)
{
	static const struct {
		int64_t count;
		const char *text;
	} rows[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1,000"},
		{-12, "-12"},
		{-1234, "-1,234"},
		{-123, "-123"},
		{10000000, "10,000,000"},
		{INT64_MAX, "9,223,372,036,854,775,807"},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&b);
		html_add_count(&b, rows[i].count);
		assert_string_equal(buf_z(&b), rows[i].text);
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_text),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(counts_are_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
