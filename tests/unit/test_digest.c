/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "core/digest.h"

/* Around the lengths of one, two and three blocks, with what OpenSSL says by its other
 * door. */
static void hashes_as_openssl_does(void **state)
{
	unsigned char want[EVP_MAX_MD_SIZE], got[DIGEST_LEN];
	struct digest d;
	char text[200];

	(void)state;
	digest_init(&d);
	for (size_t len = 0; len <= sizeof(text); len++) {
		if (len > 0)
			text[len - 1] = (char)(len * 37);
		assert_int_equal(EVP_Digest(text, len, want, NULL, EVP_sha256(), NULL),
				 1);
		digest_raw(&d, str_make(text, len), got);
		assert_memory_equal(got, want, DIGEST_LEN);
	}
	digest_fini(&d);
}

static void writes_hex(void **state)
{
	char hex[DIGEST_HEX_LEN];
	struct digest d;

	(void)state;
	digest_init(&d);
	digest_hex(&d, STR_NONE, hex);
	assert_memory_equal(hex,
			    "e3b0c44298fc1c149afbf4c8996fb924"
			    "27ae41e4649b934ca495991b7852b855",
			    sizeof(hex));
	digest_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_openssl_does),
		cmocka_unit_test(writes_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
