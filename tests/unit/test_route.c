/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/route_parse.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const int32_t target[] = {1};

/* clang-format off */
static const struct glob_row {
	const char *glob, *text;
	bool matches;
} globs[] = {
	{"purchase", "purchase", true},
	{"purchase", "Purchase", true},
	{"purchase", "purchases", false},
	{"purch", "purchase", false},
	{"*", "", true},
	{"*", "anything", true},
	{"", "", true},
	{"", "a", false},
	{"order*", "Order Completed", true},
	{"*completed", "Order Completed", true},
	{"*der*com*", "Order Completed", true},
	{"*der*com*z", "Order Completed", false},
	{"o?der", "order", true},
	{"o?der", "oder", false},
	{"caf?", "caf\xc3\xa9", true},
	{"caf??", "caf\xc3\xa9", false},
	{"?*", "", false},
	{"a*b*c", "abbbbc", true},
	{"*ab", "aab", true},
	{"[a]", "[a]", true},
	{"[a]", "a", false},
	{"a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
};

/* One condition against one fact. */
static const struct row {
	const char *event, *country, *min_value, *currency, *has, *consent; /* asked */
	const char *f_event, *f_country, *f_value, *f_currency;             /* given */
	uint8_t f_has;
	struct consent f_consent;
	enum route_miss miss;
} rows[] = {
	{"", "", "", "", "", "", "", "", "", "", 0, {0}, ROUTE_MATCHES},
	{"pur*", "", "", "", "", "", "purchase", "", "", "", 0, {0}, ROUTE_MATCHES},
	{"pur*", "", "", "", "", "", "lead", "", "", "", 0, {0}, ROUTE_MISS_EVENT},
	{"", "de", "", "", "", "", "", "DE", "", "", 0, {0}, ROUTE_MATCHES},
	{"", "DE", "", "", "", "", "", " de ", "", "", 0, {0}, ROUTE_MATCHES},
	{"", "DE", "", "", "", "", "", "AT", "", "", 0, {0}, ROUTE_MISS_COUNTRY},
	{"", "DE", "", "", "", "", "", "", "", "", 0, {0}, ROUTE_MISS_COUNTRY},
	{"", "", "", "eur", "", "", "", "", "", "EUR", 0, {0}, ROUTE_MATCHES},
	{"", "", "", "EUR", "", "", "", "", "", "USD", 0, {0}, ROUTE_MISS_CURRENCY},
	{"", "", "", "EUR", "", "", "", "", "", "", 0, {0}, ROUTE_MISS_CURRENCY},
	/* amounts, digit by digit */
	{"", "", "30", "", "", "", "", "", "30", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "30", "", "", "", "", "", "30.00", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "30.00", "", "", "", "", "", "3e1", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "30", "", "", "", "", "", "29.99", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "30", "", "", "", "", "", "100", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "30", "", "", "", "", "", "9", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "0.1", "", "", "", "", "", "0.09", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "0.30000000000000000001", "", "", "", "", "", "0.3", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "9007199254740993", "", "", "", "", "", "9007199254740992", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "9007199254740993", "", "", "", "", "", "9007199254740993.0", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "12.345", "", "", "", "", "", "12.35", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "0", "", "", "", "", "", "0.00", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "0", "", "", "", "", "", "-0", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "0", "", "", "", "", "", "-1", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "-2", "", "", "", "", "", "-1", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "-2", "", "", "", "", "", "-3", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "-2", "", "", "", "", "", "0", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "0", "", "", "", "", "", "", "", 0, {0}, ROUTE_MISS_VALUE},
	{"", "", "0", "", "", "", "", "", "many", "", 0, {0}, ROUTE_MISS_VALUE},
	/* identifiers: all that are asked for */
	{"", "", "", "", "email", "", "", "", "", "", ROUTE_EMAIL | ROUTE_PHONE, {0}, ROUTE_MATCHES},
	{"", "", "", "", "email,ttclid", "", "", "", "", "", ROUTE_EMAIL, {0}, ROUTE_MISS_HAS},
	{"", "", "", "", "email, TTCLID", "", "", "", "", "", ROUTE_EMAIL | ROUTE_TTCLID, {0}, ROUTE_MATCHES},
	{"", "", "", "", "phone", "", "", "", "", "", ROUTE_EXTERNAL_ID, {0}, ROUTE_MISS_HAS},
	{"", "", "", "", "external_id", "", "", "", "", "", ROUTE_EXTERNAL_ID, {0}, ROUTE_MATCHES},
	/* consent: each signal, each state */
	{"", "", "", "", "", "ad_user_data=GRANTED", "", "", "", "", 0, {SIGNAL_GRANTED}, ROUTE_MATCHES},
	{"", "", "", "", "", "ad_user_data=granted", "", "", "", "", 0, {SIGNAL_DENIED}, ROUTE_MISS_CONSENT},
	{"", "", "", "", "", "ad_user_data=UNSPECIFIED", "", "", "", "", 0, {0}, ROUTE_MATCHES},
	{"", "", "", "", "", "ad_user_data=UNSPECIFIED", "", "", "", "", 0, {SIGNAL_GRANTED}, ROUTE_MISS_CONSENT},
	{"", "", "", "", "", "ad_personalization=DENIED", "", "", "", "", 0, {.ad_personalization = SIGNAL_DENIED}, ROUTE_MATCHES},
	{"", "", "", "", "", "ad_personalization=DENIED", "", "", "", "", 0, {SIGNAL_DENIED}, ROUTE_MISS_CONSENT},
	{"", "", "", "", "", "ad_storage=GRANTED", "", "", "", "", 0, {.ad_storage = SIGNAL_GRANTED}, ROUTE_MATCHES},
	{"", "", "", "", "", "ad_storage=GRANTED", "", "", "", "", 0, {SIGNAL_GRANTED}, ROUTE_MISS_CONSENT},
	{"", "", "", "", "", "analytics_storage=GRANTED", "", "", "", "", 0, {.analytics_storage = SIGNAL_GRANTED}, ROUTE_MATCHES},
	{"", "", "", "", "", "analytics_storage=GRANTED", "", "", "", "", 0, {.ad_storage = SIGNAL_GRANTED}, ROUTE_MISS_CONSENT},
	{"", "", "", "", "", "ad_user_data=GRANTED,ad_storage=DENIED", "", "", "", "", 0, {SIGNAL_GRANTED}, ROUTE_MISS_CONSENT},
	/* all conditions must hold; the first that does not is told */
	{"p*", "DE", "5", "EUR", "email", "ad_user_data=GRANTED", "p", "DE", "5", "EUR", ROUTE_EMAIL, {SIGNAL_GRANTED}, ROUTE_MATCHES},
	{"p*", "DE", "5", "EUR", "email", "ad_user_data=GRANTED", "p", "DE", "4", "USD", 0, {0}, ROUTE_MISS_VALUE},
};
/* clang-format on */

static void matches_globs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(globs); i++)
		if (route_glob(str_of(globs[i].glob), str_of(globs[i].text)) !=
		    globs[i].matches)
			fail_msg("'%s' and '%s'", globs[i].glob, globs[i].text);
}

static void parse(const struct row *row, struct route *r)
{
	struct err e;

	*r = (struct route){.targets = target, .target_count = 1};
	assert_int_equal(route_parse_event(r, str_of(row->event), &e), ERR_OK);
	assert_int_equal(route_parse_country(r, str_of(row->country), &e), ERR_OK);
	assert_int_equal(route_parse_min_value(r, str_of(row->min_value), &e), ERR_OK);
	assert_int_equal(route_parse_currency(r, str_of(row->currency), &e), ERR_OK);
	assert_int_equal(route_parse_has(r, str_of(row->has), &e), ERR_OK);
	assert_int_equal(route_parse_consent(r, str_of(row->consent), &e), ERR_OK);
}

static void take_miss(void *arg, const struct route *route, enum route_miss miss)
{
	(void)route;
	*(enum route_miss *)arg = miss;
}

static void matches_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		enum route_miss miss;
		struct route_trace t = {take_miss, &miss};
		struct route r;
		struct route_facts f = {.event = str_of(row->f_event),
					.country = str_of(row->f_country),
					.value = str_of(row->f_value),
					.currency = str_of(row->f_currency),
					.has = row->f_has,
					.consent = row->f_consent};
		bool matched;

		parse(row, &r);
		matched = route_match(&r, 1, &f, &t) == &r;
		if (miss != row->miss || matched != (miss == ROUTE_MATCHES))
			fail_msg("row %zu: %s", i, route_miss_word(miss));
	}
}

struct seen {
	int64_t ids[8];
	size_t n;
};

static void note(void *arg, const struct route *route, enum route_miss miss)
{
	struct seen *s = arg;

	s->ids[s->n++] = miss == ROUTE_MATCHES ? route->id : -route->id;
}

static void the_first_in_order_decides(void **state)
{
	struct route r[] = {
		{.id = 9, .priority = 5},
		{.id = 4, .priority = 1, .event = STR("purchase")},
		{.id = 3, .priority = 1, .event = STR("lead")},
		{.id = 7, .priority = -1, .event = STR("x")},
	};
	struct route_facts f = {.event = STR("order"), .tiktok_event = STR("Purchase")};
	struct seen s = {.n = 0};
	struct route_trace t = {note, &s};

	(void)state;
	route_sort(r, 4);
	assert_ptr_equal(route_match(r, 4, &f, &t), &r[2]);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.ids[0], -7);
	assert_int_equal(s.ids[1], -3);
	assert_int_equal(s.ids[2], 4);
	assert_int_equal(r[3].id, 9);
	assert_null(route_match(r, 2, &f, NULL));
	assert_null(route_match(NULL, 0, &f, NULL));
}

static bool goes(const struct route *r, unsigned i)
{
	char id[32];
	size_t len = (size_t)snprintf(id, sizeof(id), "order-%u", i);

	return route_verdict(r, str_make(id, len)) == REASON_NONE;
}

static void drops_and_samples(void **state)
{
	struct route one = {.id = 1, .targets = target, .target_count = 1},
		     two = {.id = 2, .targets = target, .target_count = 1},
		     drop = {.id = 3};
	unsigned ones = 0, both = 0;
	struct err e;

	(void)state;
	assert_int_equal(route_verdict(&drop, STR("a")), REASON_ROUTED_AWAY);
	assert_int_equal(route_verdict(&one, STR("a")), REASON_NONE);
	assert_int_equal(route_verdict(&one, STR_NONE), REASON_NONE);
	assert_int_equal(route_parse_sample(&one, STR("25"), &e), ERR_OK);
	assert_int_equal(route_parse_sample(&two, STR("25"), &e), ERR_OK);
	for (unsigned i = 0; i < 20000; i++) {
		ones += goes(&one, i);
		both += goes(&one, i) && goes(&two, i);
	}
	assert_in_range(ones, 4800, 5200); /* 25 % of 20000, within 3 sigma */
	assert_in_range(both, 1140, 1360); /* 6.25 %: independent */
	assert_int_equal(route_parse_sample(&two, STR("50"), &e), ERR_OK);
	two.id = one.id;
	for (unsigned i = 0; i < 1000; i++) /* a larger share holds the smaller */
		assert_true(goes(&two, i) || !goes(&one, i));
	assert_int_equal(route_parse_sample(&one, STR("0"), &e), ERR_OK);
	assert_int_equal(route_verdict(&one, STR("a")), REASON_SAMPLED_OUT);
}

/* Which events go must not change with a release. */
static void sampling_is_for_good(void **state)
{
	struct route r = {
		.id = 1, .left_out = 500000, .targets = target, .target_count = 1};
	char got[17] = {0};

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		got[i] = goes(&r, i) ? '+' : '-';
	assert_string_equal(got, "--+++-+-+++++++-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_globs),
		cmocka_unit_test(matches_conditions),
		cmocka_unit_test(the_first_in_order_decides),
		cmocka_unit_test(drops_and_samples),
		cmocka_unit_test(sampling_is_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
