/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

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

static void escapes_for_json(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	buf_add_json(&b, STR("a\"b\\c\n\x01é"));
	assert_string_equal(buf_z(&b), "a\\\"b\\\\c\\n\\u0001é");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stops_at_its_cap),
		cmocka_unit_test(writes_numbers),
		cmocka_unit_test(escapes_for_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
