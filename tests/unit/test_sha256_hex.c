/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/sha256_hex.h"

static void knows_a_hash(void **state)
{
	char hex[65] = "848A771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f";

	(void)state;
	assert_true(is_sha256_hex(str_of(hex)));
	assert_false(is_sha256_hex(str_make(hex, 63)));
	hex[63] = 'g';
	assert_false(is_sha256_hex(str_of(hex)));
	assert_false(is_sha256_hex(STR_NONE));
	for (int c = 0; c < 256; c++) {
		hex[c % 64] = (char)c;
		assert_int_equal(is_sha256_hex(str_make(hex, 64)), isxdigit(c) != 0);
		hex[c % 64] = hex[63] = '0';
	}
}

static void reads_a_hash(void **state)
{
	static const char hex[] =
		"00FFa9b8c7d6e5f4030201102132435465768798A9BACBDCEDFE0f1e2d3c4b5a";
	unsigned char bytes[DIGEST_LEN];
	char lower[DIGEST_HEX_LEN], again[DIGEST_HEX_LEN];

	(void)state;
	sha256_hex_bytes(hex, bytes);
	digest_hex_of(bytes, DIGEST_LEN, again);
	sha256_hex_lower(hex, lower);
	assert_memory_equal(lower, again, sizeof(lower));
	for (size_t i = 0; i < sizeof(lower); i++)
		assert_int_equal(lower[i], tolower(hex[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_hash),
		cmocka_unit_test(reads_a_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
