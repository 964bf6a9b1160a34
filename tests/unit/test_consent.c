/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/consent.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define U SIGNAL_UNSPECIFIED
#define G SIGNAL_GRANTED
#define D SIGNAL_DENIED

static void words(void **state)
{
	static const struct {
		const char *word;
		enum signal signal;
	} rows[] = {
		{"granted", G},    {"GRANTED", G},        {" Granted\n", G},
		{"", U},           {"unspecified", U},    {"UNSPECIFIED", U},
		{"  ", U},         {"denied", D},         {"DENIED", D},
		{"yes", D},        {"true", D},           {"1", D},
		{"grantedd", D},   {"grant", D},          {"CONSENT_GRANTED", D},
		{"consent_", D},   {"CONSENT_DENIED", D}, {"consent_unspecified", D},
		{"gr\xc3\xa4", D}, {"not granted", D},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (consent_signal(str_of(rows[i].word)) != rows[i].signal)
			fail_msg("'%s'", rows[i].word);
	assert_int_equal(consent_signal(STR_NONE), U);
	assert_int_equal(consent_signal(str_make("granted\0", 8)), D);
	assert_int_equal(consent_signal_bool(true), G);
	assert_int_equal(consent_signal_bool(false), D);
	assert_string_equal(consent_signal_word(G), "granted");
}

static bool is(const struct consent *c, const enum signal want[4])
{
	return c->ad_storage == want[0] && c->analytics_storage == want[1] &&
	       c->ad_user_data == want[2] && c->ad_personalization == want[3];
}

static void reads_gcd(void **state)
{
	static const struct {
		const char *gcd;
		bool valid;
		enum signal want[4];
	} rows[] = {
		{"11t1t1t1t5", true, {G, G, G, G}},
		{"13l3l3l3l1l1", true, {U, U, U, U}},
		{"13t3tPt2t5l1", true, {G, G, G, G}},
		{"13l3lPl2l1", true, {U, U, U, U}},
		{"13t3qPt2p5", true, {G, D, G, D}},
		{"11l1l1l1l1", true, {U, U, U, U}},
		{"11p1p1p1p5", true, {D, D, D, D}},
		{"11q1r1q1r5", true, {D, G, D, G}},
		{"13n3m3u3v5l1", true, {G, D, D, G}},
		{" 13r3v3r3r2r5 ", true, {G, G, G, G}},
		{"11z1t1T1t5", true, {D, G, D, G}},
		{"", false, {U}},
		{"1", false, {U}},
		{"11t1t1t1t", false, {U}},
		{"G111", false, {U}},
		{"21t1t1t1t5", false, {U}},
		{"11t1t1t115", false, {U}},
		{"11ttt1t1t5", false, {U}},
		{"11t1t1t1t5;", false, {U}},
		{"granted", false, {U}},
		{"11t1t1t1t5000000000000000000000000000000000000000000000000000000000",
		 false,
		 {U}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct consent c = {0};

		if (consent_from_gcd(str_of(rows[i].gcd), &c) != rows[i].valid ||
		    c.stated != rows[i].valid || !is(&c, rows[i].want))
			fail_msg("'%s'", rows[i].gcd);
	}
}

static void reads_gcs(void **state)
{
	static const struct {
		const char *gcs;
		bool valid;
		enum signal want[4];
	} rows[] = {
		{"G111", true, {G, G}},    {"G100", true, {D, D}}, {"G110", true, {G, D}},
		{"G101", true, {D, G}},    {"G1--", true, {U, U}}, {"G1-1", true, {U, G}},
		{" G111\n", true, {G, G}}, {"", false, {U}},       {"G11", false, {U}},
		{"G1111", false, {U}},     {"G211", false, {U}},   {"g111", false, {U}},
		{"G1x1", false, {U}},      {"G1 1", false, {U}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct consent c = {0};

		if (consent_from_gcs(str_of(rows[i].gcs), &c) != rows[i].valid ||
		    c.stated != rows[i].valid || !is(&c, rows[i].want))
			fail_msg("'%s'", rows[i].gcs);
	}
}

static void leaves_out_alone(void **state)
{
	struct consent c = {.ad_user_data = G, .stated = true};

	(void)state;
	assert_false(consent_from_gcd(STR("11t1t1t1t"), &c));
	assert_false(consent_from_gcs(STR("G1"), &c));
	assert_int_equal(c.ad_user_data, G);
	assert_true(consent_from_gcs(STR("G111"), &c));
	assert_int_equal(c.ad_user_data, U);
}

/* The signal of a number, in the order of `is`. */
static unsigned char *signal_of(struct consent *c, int number)
{
	unsigned char *const signals[] = {&c->ad_storage, &c->analytics_storage,
					  &c->ad_user_data, &c->ad_personalization};

	return signals[number];
}

static void each_signal_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		enum signal denied[4] = {G, G, G, G}, filled[4] = {U, U, U, U};
		struct consent all = {G, G, G, G, .stated = true}, none = {0}, by = {0};

		*signal_of(&by, i) = D;
		denied[i] = D;
		consent_deny(&all, &by);
		assert_true(is(&all, denied));
		consent_deny(&none, &by);
		assert_true(none.stated);

		none = (struct consent){0};
		*signal_of(&by, i) = G;
		filled[i] = G;
		assert_false(consent_grants(&none));
		assert_true(consent_grants(&by));
		consent_complete(&none, &by);
		assert_true(is(&none, filled));
		consent_deny(&all, &by); /* what is granted denies nothing, */
		consent_complete(&all, &by);
		assert_true(is(&all, denied)); /* and fills only what is open */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(reads_gcd),
		cmocka_unit_test(reads_gcs),
		cmocka_unit_test(leaves_out_alone),
		cmocka_unit_test(each_signal_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
