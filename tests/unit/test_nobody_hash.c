/* SPDX-License-Identifier: MIT
 *
 * Each row is hashed here, as a producer would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/digest.h"
#include "core/identity.h"
#include "core/nobody.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct row {
	const char *text;
	enum hash_owner of;
} rows[] = {
	{"", HASH_OF_NOBODY},
	{" ", HASH_OF_NOBODY},
	{"null", HASH_OF_NOBODY},
	{"NULL", HASH_OF_NOBODY},
	{"None", HASH_OF_NOBODY},
	{"n/a", HASH_OF_NOBODY},
	{"N/A", HASH_OF_NOBODY},
	{"Guest", HASH_OF_NOBODY},
	{"Unknown", HASH_OF_NOBODY},
	{"Anonymous", HASH_OF_NOBODY},
	{"-1", HASH_OF_NOBODY},
	{"false", HASH_OF_NOBODY},
	{"False", HASH_OF_NOBODY},
	{"nan", HASH_OF_NOBODY},
	{"NaN", HASH_OF_NOBODY},
	{"(not set)", HASH_OF_NOBODY},
	{"(Not Set)", HASH_OF_NOBODY},
	{"Not set", HASH_OF_NOBODY},
	{"Logged_out", HASH_OF_NOBODY},
	{"{}", HASH_OF_NOBODY},
	{"[object Object]", HASH_OF_NOBODY},
	{"0", HASH_OF_NOBODY},
	{"0000000000", HASH_OF_NOBODY},
	{"+0000000000", HASH_OF_NOBODY},
	{"00000000000000000000000000000000", HASH_OF_NOBODY},
	{"00000000-0000-0000-0000-000000000000", HASH_OF_NOBODY},
	{"{00000000-0000-0000-0000-000000000000}", HASH_OF_NOBODY},
	{"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", HASH_OF_MANY},
	{"test@example.com", HASH_OF_MANY},
	{"test@test.com", HASH_OF_MANY},
	{"guest@guest.com", HASH_OF_MANY},
	{"noemail@noemail.com", HASH_OF_MANY},
	{"none@none.com", HASH_OF_MANY},
	{"guest@example.com", HASH_OF_MANY},
	{"1234567890", HASH_OF_MANY},
	{"+1234567890", HASH_OF_MANY},
	{"+11234567890", HASH_OF_MANY},
	{"+10000000000", HASH_OF_MANY},
	{"+15555555555", HASH_OF_MANY},
	{"+11111111111", HASH_OF_MANY},
	{"1", HASH_OF_ANY},
	{"u1", HASH_OF_ANY},
	{"nobody's", HASH_OF_ANY},
	{"ann@example.com", HASH_OF_ANY},
	{"+14155550123", HASH_OF_ANY},
};

static void knows_what_was_hashed(void **state)
{
	struct digest dg;

	(void)state;
	digest_init(&dg);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char lower[DIGEST_HEX_LEN], upper[DIGEST_HEX_LEN];
		struct str hex = str_make(lower, sizeof(lower));
		bool any = rows[i].of == HASH_OF_ANY;

		digest_hex(&dg, str_of(rows[i].text), lower);
		for (size_t d = 0; d < sizeof(lower); d++)
			upper[d] = ascii_upper(lower[d]);
		if (whose_hash(hex) != rows[i].of ||
		    whose_hash(str_make(upper, sizeof(upper))) != rows[i].of)
			fail_msg("'%s'", rows[i].text);
		for (enum identity_kind kind = IDENTITY_EXTERNAL_ID;
		     kind < IDENTITY_KIND_END; kind++)
			assert_int_equal(identity_is_placeholder(kind, hex), !any);
		assert_int_equal(stands_for_nobody(hex), rows[i].of == HASH_OF_NOBODY);
	}
	digest_fini(&dg);
}

static void knows_nothing_by_other_hashes(void **state)
{
	static const char *const nothing[] = {
		"d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
	static const char *const other[] = {
		"", "d41d8cd98f00b204e9800998ecf8427f", "d41d8cd98f00b204e9800998ecf8427",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85x"};

	(void)state;
	for (size_t i = 0; i < COUNT(nothing); i++) {
		assert_true(is_hash_of_nothing(str_of(nothing[i])));
		assert_true(stands_for_nobody(str_of(nothing[i])));
		assert_true(
			identity_is_placeholder(IDENTITY_SESSION, str_of(nothing[i])));
	}
	for (size_t i = 0; i < COUNT(other); i++)
		assert_int_equal(whose_hash(str_of(other[i])), HASH_OF_ANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_was_hashed),
		cmocka_unit_test(knows_nothing_by_other_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
