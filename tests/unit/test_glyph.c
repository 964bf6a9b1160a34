/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/glyph.h"

/* clang-format off: a row a line */
static const struct {
	uint32_t code_point;
	int width;
} rows[] = {
	{'a', 1},     {' ', 1},       {0xe4, 1},     {0x65e5, 2}, /* CJK */
	{0xac00, 2},  {0xff21, 2},    {0x1f600, 2},  {0x0301, 0},
	{0x20dd, 0}, /* combining, enclosing */
	{0, -1},      {'\n', -1},     {0x1b, -1},    {0x7f, -1},
	{0x85, -1},   {0x9b, -1}, /* C1: CSI in one code point */
	{0xad, -1},   {0x200b, -1},   {0x200d, -1},  {0xfeff, -1},
	{0x202e, -1}, {0x2066, -1},                  /* direction */
	{0x2028, -1}, {0x2029, -1},   {0xe0041, -1}, /* a tag */
	{0xfe0f, 0},  {0x3164, -1},                  /* an emoji's selector; invisible */
	{0xe000, -1}, {0x10ffff, -1}, {0x0378, -1},
};
/* clang-format on */

static void widths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (glyph_width(rows[i].code_point) != rows[i].width)
			fail_msg("U+%04x: %d, not %d", rows[i].code_point,
				 glyph_width(rows[i].code_point), rows[i].width);
}

/* Cut between code points; what a terminal would obey is a blank. */
static void whole_and_printable(void **state)
{
	static const struct {
		const char *text, *copy;
	} copies[] = {
		{"abcdefgh", "abcdefg"},
		{"abcdef\xc3\xbc", "abcdef"},
		{"abcde\xc3\xbc", "abcde\xc3\xbc"},
		{"a\x1b[b", "a [b"},
		{"a\xe2\x80\xae"
		 "b\xc2\x9b"
		 "c",
		 "a b c"},
		{"a\xff"
		 "b",
		 "a b"},
		{"", ""},
	};
	char out[8];

	(void)state;
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		glyph_copy(out, sizeof(out), str_of(copies[i].text));
		assert_string_equal(out, copies[i].copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_printable),
		cmocka_unit_test(widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
