/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/route_parse.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef enum err_code parser(struct route *r, struct str word, struct err *e);

/* clang-format off */
static const struct refused {
	parser *parse;
	const char *word, *says;
} refused[] = {
	{route_parse_event, "a\nb", "control"},
	{route_parse_country, "D", "'D'"},
	{route_parse_country, "DEU", "two letters"},
	{route_parse_country, "D1", "two letters"},
	{route_parse_currency, "EU", "three letters"},
	{route_parse_currency, "E\xc3\x84", "three letters"},
	{route_parse_min_value, "10,50", "29.99"},
	{route_parse_min_value, "ten", "'ten'"},
	{route_parse_min_value, "1e999", "amount"},
	{route_parse_min_value, "010", "amount"},
	{route_parse_has, "mail", "'mail' is none of"},
	{route_parse_has, "email,", NULL},
	{route_parse_has, "email,,phone", "'' is none of"},
	{route_parse_consent, "ad_user_data", "SIGNAL=STATE"},
	{route_parse_consent, "=GRANTED", "SIGNAL=STATE"},
	{route_parse_consent, "ad_user_date=GRANTED", "analytics_storage"},
	{route_parse_consent, "ad_user_data=", "the states are"},
	{route_parse_consent, "ad_user_data=YES", "the states are"},
	{route_parse_consent, "ad_user_data=GRANTED,x", "'x'"},
	{route_parse_sample, "101", "0 to 100"},
	{route_parse_sample, "100.0001", "0 to 100"},
	{route_parse_sample, "-1", "0 to 100"},
	{route_parse_sample, "1e1", "0 to 100"},
	{route_parse_sample, "1.23456", "0 to 100"},
	{route_parse_sample, "1.", "0 to 100"},
	{route_parse_sample, ".5", "0 to 100"},
	{route_parse_sample, "1.2.3", "0 to 100"},
	{route_parse_sample, "%", "0 to 100"},
	{route_parse_sample, "99999999999999999999", "0 to 100"},
};

static const struct sample_row {
	const char *word;
	int32_t left_out;
} samples[] = {
	{"", 0}, {"100", 0}, {"100.0000%", 0}, {"0", 1000000}, {"25", 750000},
	{"12.5", 875000}, {" 12.5 % ", 875000}, {"0.0001", 999999}, {"99.9999", 1},
};
/* clang-format on */

static void refuses_in_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct refused *row = &refused[i];
		struct route r = {.left_out = 7, .country = "FR", .has = 3, .signals = 1};
		struct route before = r;
		struct err e = {0};
		enum err_code code = row->parse(&r, str_of(row->word), &e);

		if (!row->says) {
			assert_int_equal(code, ERR_OK);
			continue;
		}
		if (code != ERR_USAGE || !strstr(e.msg, row->says))
			fail_msg("'%s': %d %s", row->word, code, e.msg);
		assert_memory_equal(&r, &before, sizeof(r));
	}
}

static void reads_samples(void **state)
{
	struct route r = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		assert_int_equal(route_parse_sample(&r, str_of(samples[i].word), &e), 0);
		if (r.left_out != samples[i].left_out)
			fail_msg("'%s': %d", samples[i].word, r.left_out);
	}
}

static void takes_a_condition_away(void **state)
{
	struct route r = {0};
	struct err e;

	(void)state;
	assert_int_equal(route_parse_country(&r, STR(" de"), &e), ERR_OK);
	assert_string_equal(r.country, "DE");
	assert_int_equal(route_parse_country(&r, STR("uk"), &e), ERR_OK);
	assert_string_equal(r.country, "GB");
	assert_int_equal(route_parse_country(&r, STR("eu"), &e), ERR_OK);
	assert_string_equal(r.country, "EU");
	assert_int_equal(route_parse_country(&r, STR(""), &e), ERR_OK);
	assert_string_equal(r.country, "");
	assert_int_equal(route_parse_currency(&r, STR("usd"), &e), ERR_OK);
	assert_string_equal(r.currency, "USD");
	assert_int_equal(route_parse_has(&r, STR("phone,ttclid"), &e), ERR_OK);
	assert_int_equal(r.has, ROUTE_PHONE | ROUTE_TTCLID);
	assert_int_equal(route_parse_has(&r, STR_NONE, &e), ERR_OK);
	assert_int_equal(r.has, 0);
	assert_int_equal(route_parse_consent(&r, STR("ad_storage = denied"), &e), ERR_OK);
	assert_int_equal(r.signals, ROUTE_AD_STORAGE);
	assert_int_equal(r.consent.ad_storage, SIGNAL_DENIED);
	assert_int_equal(route_parse_consent(&r, STR_NONE, &e), ERR_OK);
	assert_int_equal(r.signals, 0);
}

static void refuses_a_long_event(void **state)
{
	char glob[201];
	struct route r = {0};
	struct err e;

	(void)state;
	memset(glob, 'a', sizeof(glob));
	assert_int_equal(route_parse_event(&r, str_make(glob, 200), &e), ERR_OK);
	assert_int_equal(route_parse_event(&r, str_make(glob, 201), &e), ERR_USAGE);
	assert_int_equal(r.event.len, 200);
}

static void splits_targets(void **state)
{
	struct str list = STR("web, app ,,crm"), name;

	(void)state;
	assert_true(route_next_target(&list, &name));
	assert_true(str_eq(name, STR("web")));
	assert_true(route_next_target(&list, &name));
	assert_true(str_eq(name, STR("app")));
	assert_true(route_next_target(&list, &name));
	assert_int_equal(name.len, 0);
	assert_true(route_next_target(&list, &name));
	assert_true(str_eq(name, STR("crm")));
	assert_false(route_next_target(&list, &name));
}

static void words_of_bits(void **state)
{
	struct consent c = {0};

	(void)state;
	assert_string_equal(route_has_word(ROUTE_EMAIL), "email");
	assert_string_equal(route_has_word(ROUTE_TTCLID), "ttclid");
	assert_string_equal(route_has_word((enum route_has)3), "?");
	assert_string_equal(route_signal_word(ROUTE_AD_USER_DATA), "ad_user_data");
	assert_string_equal(route_signal_word(ROUTE_ANALYTICS_STORAGE),
			    "analytics_storage");
	assert_ptr_equal(route_signal_of(&c, ROUTE_AD_PERSONALIZATION),
			 &c.ad_personalization);
	assert_string_equal(route_miss_word(ROUTE_MATCHES), "matches");
	assert_string_equal(route_miss_word(ROUTE_MISS_CONSENT), "consent");
	assert_string_equal(route_miss_word((enum route_miss)7), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_in_words),
		cmocka_unit_test(reads_samples),
		cmocka_unit_test(takes_a_condition_away),
		cmocka_unit_test(refuses_a_long_event),
		cmocka_unit_test(splits_targets),
		cmocka_unit_test(words_of_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
