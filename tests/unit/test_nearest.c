/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/nearest.h"

/* clang-format off: a row a line */
static const char *const words[] = {
	"status", "list", "retry", "enqueue", "Purchase", "ViewContent", "not_mapped",
	"not_attributed", "a", NULL,
};

static const struct {
	const char *wanted, *near;
} rows[] = {
	{"statsu", "status"},
	{"stat", "status"},           /* its beginning */
	{"s", ""},                    /* one letter begins too much */
	{"LIST", "list"},             /* case is nothing */
	{"purchase", "Purchase"},
	{"Purchse", "Purchase"},
	{"viewcontnet", "ViewContent"},
	{"notmapped", "not_mapped"},
	{"not_atributed", "not_attributed"},
	{"rtery", "retry"},
	{"retry", ""},                /* it is there */
	{"not_mapped", ""},
	{"zzz", ""},
	{"", ""},
	{"\xc3\xa4", ""},
	{"a word that is longer than any that there is, and longer than what is kept", ""},
};
/* clang-format on */

static void finds_what_was_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nearest n;

		nearest_init(&n, str_of(rows[i].wanted));
		nearest_offer_all(&n, words);
		assert_string_equal(nearest_word(&n), rows[i].near);
	}
}

static void says_so(void **state)
{
	struct nearest n;

	(void)state;
	nearest_init(&n, STR("lsit"));
	assert_string_equal(nearest_hint(&n), "");
	nearest_offer_all(&n, words);
	assert_string_equal(nearest_hint(&n), "; did you mean 'list'?");
	nearest_offer(&n, STR("lsiT"));
	assert_string_equal(nearest_word(&n), "lsiT"); /* nearer still */
	nearest_offer(&n, STR("lsi\0t"));
	assert_string_equal(nearest_word(&n), "lsiT");
	nearest_offer(&n, STR("lsit"));
	assert_string_equal(nearest_hint(&n), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_meant),
		cmocka_unit_test(says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
