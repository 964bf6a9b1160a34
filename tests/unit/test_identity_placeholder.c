/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/identity.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const struct placeholder_row {
	enum identity_kind kind;
	const char *value;
	bool is;
} placeholders[] = {
	{IDENTITY_EMAIL, "test@example.com", true},
	{IDENTITY_EMAIL, " Test@Example.COM ", true},
	{IDENTITY_EMAIL,
	 "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b", true},
	{IDENTITY_EMAIL, "ann@example.com", false},
	{IDENTITY_EMAIL, "test@shop.de", false},
	{IDENTITY_EMAIL, "noreply@shop.de", true},
	{IDENTITY_EMAIL, "none@none.com", true},
	{IDENTITY_EMAIL, "null", true},
	{IDENTITY_EMAIL, "", true},
	{IDENTITY_EMAIL, "@example.com", true},
	{IDENTITY_EMAIL, "ann", true},
	{IDENTITY_EMAIL, "nonet@gmail.com", false},
	{IDENTITY_PHONE, "+10000000000", true},
	{IDENTITY_PHONE, "0000000000", true},
	{IDENTITY_PHONE, "(555) 555-5555", true},
	{IDENTITY_PHONE, "+1 123 456 7890", true},
	{IDENTITY_PHONE, "+49 30 1111111", true},
	{IDENTITY_PHONE, "12345", true},
	{IDENTITY_PHONE, "+14155550123", false},
	{IDENTITY_PHONE, "+4915112345678", false},
	{IDENTITY_PHONE, "+4915123456789", false},
	{IDENTITY_PHONE, "+49123456789", true},
	{IDENTITY_PHONE, "0123456789", true},
	{IDENTITY_PHONE, "0049123456789", true},
	{IDENTITY_PHONE, "0987654321", true},
	{IDENTITY_PHONE, "123456781234567812345678123456781234", true},
	{IDENTITY_PHONE, "+12345678901", true},
	{IDENTITY_EMAIL, "{{email}}@x.de", true},
	{IDENTITY_SESSION, "{{session_id}}", true},
	{IDENTITY_EXTERNAL_ID, "{{ customer.id }}", true},
	{IDENTITY_EXTERNAL_ID, "${user}", true},
	{IDENTITY_EXTERNAL_ID, "%user_id%", true},
	{IDENTITY_EXTERNAL_ID, "@@ID@@", true},
	{IDENTITY_EXTERNAL_ID, "__USER_ID__", true},
	{IDENTITY_EXTERNAL_ID, "<user id>", true},
	{IDENTITY_EXTERNAL_ID, "[id]", true},
	{IDENTITY_EXTERNAL_ID, "not_logged_in", true},
	{IDENTITY_EXTERNAL_ID, "%a", false},
	{IDENTITY_EXTERNAL_ID, "_a_", false},
	{IDENTITY_EXTERNAL_ID, "none", true},
	{IDENTITY_EXTERNAL_ID, "NULL", true},
	{IDENTITY_EXTERNAL_ID, "unknown", true},
	{IDENTITY_EXTERNAL_ID, "0", true},
	{IDENTITY_EXTERNAL_ID, "0000", true},
	{IDENTITY_EXTERNAL_ID, "00000000-0000-0000-0000-000000000000", true},
	{IDENTITY_EXTERNAL_ID, "guest", true},
	{IDENTITY_EXTERNAL_ID, "anonymous", true},
	{IDENTITY_EXTERNAL_ID, "[object Object]", true},
	{IDENTITY_EXTERNAL_ID, "111111", true},
	{IDENTITY_EXTERNAL_ID, "11", false},
	{IDENTITY_EXTERNAL_ID, "u-1", false},
	{IDENTITY_EXTERNAL_ID, "guest-17", false},
	{IDENTITY_EXTERNAL_ID,
	 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", true},
	{IDENTITY_EXTERNAL_ID,
	 "0000000000000000000000000000000000000000000000000000000000000000", true},
	{IDENTITY_EMAIL,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	{IDENTITY_EXTERNAL_ID, "Array", true},
	{IDENTITY_EXTERNAL_ID, "\\N", true},
	{IDENTITY_EXTERNAL_ID, "#N/A", true},
	{IDENTITY_EXTERNAL_ID, "Not-Set", true},
	{IDENTITY_EXTERNAL_ID, "not_set", true},
	{IDENTITY_EXTERNAL_ID, "user-id", true},
	{IDENTITY_EXTERNAL_ID, "not_available", true},
	{IDENTITY_EXTERNAL_ID, "missing", true},
	{IDENTITY_EXTERNAL_ID, "no-id", true},
	{IDENTITY_EXTERNAL_ID, "optedout", true},
	{IDENTITY_EXTERNAL_ID, "consent_denied", true},
	{IDENTITY_EXTERNAL_ID, "undefined.undefined", true},
	{IDENTITY_EXTERNAL_ID, "user_null", true},
	{IDENTITY_EXTERNAL_ID, "cart-NaN", true},
	{IDENTITY_EXTERNAL_ID, "li.nan", false},
	{IDENTITY_EXTERNAL_ID, "jnull", false},
	{IDENTITY_EXTERNAL_ID, "not-sent", false},
	{IDENTITY_EXTERNAL_ID, "%s", true},
	{IDENTITY_EXTERNAL_ID, "*|EMAIL|*", true},
	{IDENTITY_EXTERNAL_ID, "$user_id", true},
	{IDENTITY_EXTERNAL_ID, "$RCAnonymousID:8f", false},
	{IDENTITY_EXTERNAL_ID, "$2y$10$abc", false},
	{IDENTITY_SESSION, "GA1.1.undefined", true},
	{IDENTITY_EMAIL, "deleted@deleted.com", true},
	{IDENTITY_EMAIL, "user@example.com", true},
	{IDENTITY_EMAIL, "customer@example.com", true},
	{IDENTITY_EMAIL, "user@shop.de", false},
	{IDENTITY_EMAIL, "foo@bar.com", true},
	{IDENTITY_EMAIL, "walk-in@store.com", true},
	{IDENTITY_EMAIL, "pos@shop.de", true},
	{IDENTITY_EMAIL, "anonymized@shop.de", true},
	{IDENTITY_EMAIL, "no_reply@shop.de", true},
	{IDENTITY_EMAIL, "miller@miller.com", false},
	{IDENTITY_EMAIL, /* deleted@deleted.com */
	 "f2584224a4709547ed9ce5fd31f2850929df7fdaf3eb0a50aaf84146b14e2328", true},
	{IDENTITY_EXTERNAL_ID, /* not-set */
	 "f2ad4f6988d9970fc7df15435460c6126529fa24364e42d395ee12915fdfe47d", true},
	{IDENTITY_DEVICE, "00000000-0000-0000-0000-000000000000", true},
	{IDENTITY_SESSION, "undefined", true},
	{IDENTITY_SESSION, "s1", false},
	{IDENTITY_TTP, "94e2a4j9-h3ss-k5h5-98cc-c84n745mk1m4", false},
};
/* clang-format on */

static void knows_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(placeholders); i++) {
		const struct placeholder_row *r = &placeholders[i];

		if (identity_is_placeholder(r->kind, str_of(r->value)) != r->is)
			fail_msg("%s '%s'", identity_kind_word(r->kind), r->value);
	}
	assert_true(identity_is_placeholder(IDENTITY_EMAIL, STR_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
