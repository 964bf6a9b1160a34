/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/find_any.h"
#include "base/plain.h"

static void grows_and_stops_at_its_cap(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (int i = 0; i < 9; i++)
		buf_add(&b, "0123456789", 10);
	assert_int_equal(b.len, 90);
	buf_add(&b, "0123456789+", 11);
	assert_true(b.full);
	assert_int_equal(b.len, 90);
	buf_addc(&b, 'x');
	assert_int_equal(b.len, 90);
	buf_clear(&b);
	buf_add(&b, "0123456789", 10);
	assert_false(b.full);
	assert_string_equal(buf_z(&b), "0123456789");
	buf_fini(&b);
}

static void writes_numbers(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	buf_add_i64(&b, INT64_MIN);
	buf_addc(&b, ' ');
	buf_add_i64(&b, 0);
	buf_addc(&b, ' ');
	buf_add_i64(&b, INT64_MAX);
	assert_string_equal(buf_z(&b), "-9223372036854775808 0 9223372036854775807");
	buf_fini(&b);
}

static size_t slow_plain_end(const unsigned char *p, size_t len, bool ascii)
{
	size_t i = 0;

	while (i < len && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\' &&
	       (!ascii || p[i] < 0x80))
		i++;
	return i;
}

/* In memory that ends where the text does, so that a read beyond it is found. */
static void check_plain_end(const char *bytes, size_t len)
{
	char *p = malloc(len + !len), *end;

	assert_non_null(p);
	end = p + len;
	memcpy(p, bytes, len);
	for (int ascii = 0; ascii < 2; ascii++) {
		size_t want = slow_plain_end((unsigned char *)p, len, ascii);

		assert_int_equal((ascii ? plain_end_words(p, end, true)
					: plain_end_words(p, end, false)) -
					 p,
				 want);
		assert_int_equal(
			(ascii ? plain_end(p, end, true) : plain_end(p, end, false)) - p,
			want);
	}
	free(p);
}

/* Every byte at every place of texts around the lengths of a word and a block, alone and
 * with another one behind it. */
static void finds_what_is_not_plain(void **state)
{
	static const char seconds[] = "a\"\\\x1f\x80\xff";
	char text[40];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, 'a', sizeof(text));
		check_plain_end(text, len);
		for (size_t at = 0; at < len; at++) {
			for (int byte = 0; byte < 256; byte++) {
				text[at] = (char)byte;
				if (at + 1 < len)
					text[at + 1] = seconds[(size_t)byte % 6];
				check_plain_end(text, len);
			}
			text[at] = 'a';
		}
	}
}

/* As above, in memory that ends where the text does. */
static void check_find_any(const char *bytes, size_t len)
{
	char *p = malloc(len + !len), *end;
	size_t want = 0, want_blank = 0;

	assert_non_null(p);
	end = p + len;
	memcpy(p, bytes, len);
	while (want < len && p[want] != '?' && p[want] != '\xff')
		want++;
	while (want_blank < want && (unsigned char)p[want_blank] > ' ' &&
	       p[want_blank] != 0x7f)
		want_blank++;
	assert_int_equal(find_any(p, end, "?\xff", false) - p, want);
	assert_int_equal(find_any(p, end, "?\xff", true) - p, want_blank);
	free(p);
}

static void finds_any_of_a_few_bytes(void **state)
{
	char text[40];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, 'a', sizeof(text));
		check_find_any(text, len);
		for (size_t at = 0; at < len; at++) {
			for (int byte = 0; byte < 256; byte++) {
				text[at] = (char)byte;
				if (at + 1 < len)
					text[at + 1] = byte % 2 ? '?' : ' ';
				check_find_any(text, len);
			}
			memset(text, 'a', sizeof(text));
		}
	}
}

static void escapes_for_json(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	buf_add_json(&b, STR("a\"b\\c\n\x01é"));
	assert_string_equal(buf_z(&b), "a\\\"b\\\\c\\n\\u0001é");
	buf_clear(&b);
	buf_add_json(&b, STR("0123456789abcdefghi\"\x7f"
			     "0123456789abcdefghé\\"));
	assert_string_equal(buf_z(&b), "0123456789abcdefghi\\\"\x7f"
				       "0123456789abcdefghé\\\\");
	buf_clear(&b);
	buf_add_json(&b, STR_NONE);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stops_at_its_cap),
		cmocka_unit_test(writes_numbers),
		cmocka_unit_test(finds_what_is_not_plain),
		cmocka_unit_test(finds_any_of_a_few_bytes),
		cmocka_unit_test(escapes_for_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
