/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/attribution.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW INT64_C(1760000000)
#define HOUR 3600
#define DAY (24 * HOUR)
#define MAX 5

static const struct windows usual = {CLICK_WINDOW_DAYS, VIEW_WINDOW_DAYS};

/* One letter a touch: T tiktok, G google, M meta, each paid; o organic search, d direct;
 * v a paid view on TikTok, g one on Google; e a post on TikTok that nobody paid for. */
static struct touch touch_of_letter(char letter, int64_t at_s)
{
	struct touch t = {.at_s = at_s, .channel = CHANNEL_PAID_CLICK};

	switch (letter) {
	case 'T': t.platform = PLATFORM_TIKTOK; break;
	case 'G': t.platform = PLATFORM_GOOGLE; break;
	case 'M': t.platform = PLATFORM_META; break;
	case 'v':
		t.platform = PLATFORM_TIKTOK;
		t.channel = CHANNEL_PAID_VIEW;
		break;
	case 'g':
		t.platform = PLATFORM_GOOGLE;
		t.channel = CHANNEL_PAID_VIEW;
		break;
	case 'e':
		t.platform = PLATFORM_TIKTOK;
		t.channel = CHANNEL_ORGANIC;
		break;
	case 'o':
		t.platform = PLATFORM_GOOGLE;
		t.channel = CHANNEL_ORGANIC;
		break;
	default: t.channel = CHANNEL_DIRECT; break;
	}
	return t;
}

/* clang-format off */
static const struct row {
	const char *letters;
	enum attribution_model model;
	int64_t age_s[MAX];
	double credit[MAX];
	size_t counted;
} rows[] = {
	{"", MODEL_LAST, {0}, {0}, 0},
	{"T", MODEL_POSITION, {DAY}, {1}, 1},
	{"T", MODEL_TIME_DECAY, {28 * DAY}, {1}, 1},
	{"TGd", MODEL_FIRST, {3 * DAY, 2 * DAY, DAY}, {1, 0, 0}, 3},
	{"TGd", MODEL_LAST, {3 * DAY, 2 * DAY, DAY}, {0, 0, 1}, 3},
	{"TGd", MODEL_LAST_NON_DIRECT, {3 * DAY, 2 * DAY, DAY}, {0, 1, 0}, 3},
	{"dd", MODEL_LAST_NON_DIRECT, {2 * DAY, DAY}, {0, 1}, 2},
	{"TGd", MODEL_LINEAR, {3 * DAY, 2 * DAY, DAY}, {1.0 / 3, 1.0 / 3, 1.0 / 3}, 3},
	{"TG", MODEL_POSITION, {3 * DAY, 2 * DAY}, {0.5, 0.5}, 2},
	{"TGM", MODEL_POSITION, {3 * DAY, 2 * DAY, DAY}, {0.4, 0.2, 0.4}, 3},
	{"TGMod",
	 MODEL_POSITION, {5 * DAY, 4 * DAY, 3 * DAY, 2 * DAY, DAY},
	 {0.4, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.4},
	 5},
	{"TGM",
	 MODEL_TIME_DECAY, {10 * DAY, 3 * DAY, HOUR},
	 {0.176034, 0.352068, 0.471898},
	 3},
	/* windows, inclusive to the second */
	{"TG", MODEL_FIRST, {28 * DAY, DAY}, {1, 0}, 2},
	{"TG", MODEL_FIRST, {28 * DAY + 1, DAY}, {0, 1}, 1},
	{"vG", MODEL_FIRST, {7 * DAY, DAY}, {1, 0}, 2},
	{"vG", MODEL_FIRST, {7 * DAY + 1, DAY}, {0, 1}, 1},
	{"do", MODEL_FIRST, {28 * DAY, DAY}, {1, 0}, 2},
	{"T", MODEL_LAST, {28 * DAY + 1}, {0}, 0},
	/* what comes after the event did not bring it about */
	{"TG", MODEL_LAST, {0, -1}, {1, 0}, 1},
	{"T", MODEL_LINEAR, {-1}, {0}, 0},
	/* position is of those that count */
	{"MTGMG",
	 MODEL_POSITION, {40 * DAY, 3 * DAY, 2 * DAY, DAY, -DAY},
	 {0, 0.4, 0.2, 0.4, 0},
	 3},
	/* of equal times the one that stands later is later */
	{"TG", MODEL_LAST, {DAY, DAY}, {0, 1}, 2},
	{"TG", MODEL_FIRST, {DAY, DAY}, {1, 0}, 2},
};

static const struct verdict_row {
	const char *letters; /* a day apart, the last a day before the event */
	enum attribution_model model;
	enum platform winner;
	bool all, attributed, only_won;
} verdicts[] = {
	{"", MODEL_LAST_NON_DIRECT, PLATFORM_NONE, true, true, false},
	{"d", MODEL_LAST_NON_DIRECT, PLATFORM_NONE, true, true, false},
	{"T", MODEL_LAST_NON_DIRECT, PLATFORM_TIKTOK, true, true, true},
	{"Td", MODEL_LAST_NON_DIRECT, PLATFORM_TIKTOK, true, true, true},
	{"Td", MODEL_LAST, PLATFORM_NONE, true, true, false},
	{"TG", MODEL_LAST_NON_DIRECT, PLATFORM_GOOGLE, true, false, false},
	{"TG", MODEL_FIRST, PLATFORM_TIKTOK, true, true, true},
	{"To", MODEL_LAST_NON_DIRECT, PLATFORM_NONE, true, true, false},
	{"e", MODEL_LAST_NON_DIRECT, PLATFORM_NONE, true, true, false},
	{"v", MODEL_LAST_NON_DIRECT, PLATFORM_TIKTOK, true, true, true},
	{"g", MODEL_LAST_NON_DIRECT, PLATFORM_GOOGLE, true, false, false},
	/* shares: the unpaid do not compete, TikTok has the ties */
	{"Tddd", MODEL_LINEAR, PLATFORM_TIKTOK, true, true, true},
	{"Gddd", MODEL_LINEAR, PLATFORM_GOOGLE, true, false, false},
	{"GT", MODEL_LINEAR, PLATFORM_TIKTOK, true, true, true},
	{"MG", MODEL_LINEAR, PLATFORM_GOOGLE, true, false, false},
	{"GTG", MODEL_LINEAR, PLATFORM_GOOGLE, true, false, false},
	{"GTTG", MODEL_POSITION, PLATFORM_GOOGLE, true, false, false},
	{"TG", MODEL_TIME_DECAY, PLATFORM_GOOGLE, true, false, false},
	{"TTG", MODEL_TIME_DECAY, PLATFORM_TIKTOK, true, true, true},
};
/* clang-format on */

static void shares_out_by_model(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		size_t n = strlen(r->letters);
		struct touch t[MAX];
		double credit[MAX], sum = 0;

		for (size_t k = 0; k < n; k++)
			t[k] = touch_of_letter(r->letters[k], NOW - r->age_s[k]);
		if (attribute(t, n, r->model, NOW, &usual, credit) != r->counted)
			fail_msg("row %zu (%s): counted", i, r->letters);
		for (size_t k = 0; k < n; k++) {
			sum += credit[k];
			if (fabs(credit[k] - r->credit[k]) > 5e-7)
				fail_msg("row %zu (%s): touch %zu has %.6f", i,
					 r->letters, k, credit[k]);
		}
		assert_true(fabs(sum - (r->counted > 0)) < 1e-9);
	}
}

static void other_windows(void **state)
{
	struct touch t[] = {touch_of_letter('T', NOW - DAY), touch_of_letter('v', NOW)};
	double credit[2];

	(void)state;
	assert_int_equal(
		attribute(t, 2, MODEL_LAST, NOW, &(struct windows){0, 0}, credit), 1);
	assert_int_equal(credit[1], 1);
	assert_int_equal(
		attribute(t, 2, MODEL_LAST, NOW, &(struct windows){1, -1}, credit), 1);
	assert_int_equal(credit[0], 1);
}

static void decay_survives_any_window(void **state)
{
	struct touch t[] = {touch_of_letter('T', NOW - 3000000 * INT64_C(86400)),
			    touch_of_letter('G', NOW - 2999993 * INT64_C(86400))};
	double credit[2];

	(void)state;
	attribute(t, 2, MODEL_TIME_DECAY, NOW, &(struct windows){4000000, 1}, credit);
	assert_true(fabs(credit[0] - 1.0 / 3) < 1e-9);
}

static void delivers_by_winner(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		const struct verdict_row *r = &verdicts[i];
		size_t n = strlen(r->letters);
		struct touch t[MAX];
		double credit[MAX];
		enum platform winner;

		for (size_t k = 0; k < n; k++)
			t[k] = touch_of_letter(r->letters[k],
					       NOW - (int64_t)(n - k) * DAY);
		attribute(t, n, r->model, NOW, &usual, credit);
		winner = attribution_winner(t, credit, n);
		if (winner != r->winner ||
		    (attribution_verdict(DELIVER_ALL, winner) == REASON_NONE) != r->all ||
		    (attribution_verdict(DELIVER_ATTRIBUTED, winner) == REASON_NONE) !=
			    r->attributed ||
		    (attribution_verdict(DELIVER_ONLY_WON, winner) == REASON_NONE) !=
			    r->only_won)
			fail_msg("row %zu (%s): %s wins", i, r->letters,
				 platform_word(winner));
	}
	assert_int_equal(attribution_verdict(DELIVER_ONLY_WON, PLATFORM_META),
			 REASON_NOT_ATTRIBUTED);
}

/* Equal shares whose sums differ in the last bit. */
static void a_tie_is_a_tie_after_rounding(void **state)
{
	static const char letters[] = "TGTTTGG";
	static const int weeks[] = {2, 2, 1, 1, 1, 1, 0};
	struct touch t[7];
	double credit[7];

	(void)state;
	for (size_t i = 0; i < 7; i++)
		t[i] = touch_of_letter(letters[i], NOW - weeks[i] * INT64_C(7) * DAY);
	attribute(t, 7, MODEL_TIME_DECAY, NOW, &usual, credit);
	assert_int_equal(attribution_winner(t, credit, 7), PLATFORM_TIKTOK);
}

static void credits_only_what_was_paid(void **state)
{
	struct touch t[] = {touch_of_letter('e', NOW - 3), touch_of_letter('T', NOW - 2),
			    touch_of_letter('v', NOW - 1), touch_of_letter('G', NOW)};
	double credit[4];

	(void)state;
	attribute(t, 4, MODEL_LINEAR, NOW, &usual, credit);
	assert_true(fabs(attribution_credit(t, credit, 4, PLATFORM_TIKTOK) - 0.5) < 1e-9);
	assert_true(fabs(attribution_credit(t, credit, 4, PLATFORM_GOOGLE) - 0.25) <
		    1e-9);
}

/* A page view with the stored ttclid that the first view brought in its URL. */
static void settles_what_was_seen_before(void **state)
{
	struct touch t[5];
	size_t n = 0;

	(void)state;
	touch_of_visit(STR("https://s.example/?gclid=1"), STR_NONE, STR("T1"), &t[n]);
	t[n++].at_s = NOW - 1 * DAY;
	touch_of_visit(STR("https://s.example/?ttclid=T1"), STR_NONE, STR("T1"), &t[n]);
	t[n++].at_s = NOW - 4 * DAY;
	touch_of_visit(STR("https://s.example/?ttclid=T1"), STR_NONE, STR("T1"), &t[n]);
	t[n++].at_s = NOW - 4 * DAY + 5;
	touch_of_visit(STR("https://s.example/b"), STR("https://s.example/"), STR("T1"),
		       &t[n]);
	t[n++].at_s = NOW - 3 * DAY;
	touch_of_visit(STR("https://s.example/"), STR("https://www.bing.com/"), STR("T1"),
		       &t[n]);
	t[n++].at_s = NOW - 2 * DAY;
	for (int again = 0; again < 2; again++) {
		n = touches_settle(t, n);
		assert_int_equal(n, 3);
		assert_int_equal(t[0].platform, PLATFORM_TIKTOK);
		assert_int_equal(t[0].at_s, NOW - 4 * DAY);
		assert_int_equal(t[1].platform, PLATFORM_MICROSOFT);
		assert_int_equal(t[1].channel, CHANNEL_ORGANIC);
		assert_int_equal(t[2].platform, PLATFORM_GOOGLE);
	}
	assert_int_equal(touches_settle(t, 0), 0);
}

static void names_go_both_ways(void **state)
{
	enum attribution_model model;
	enum deliver deliver;

	(void)state;
	for (int i = MODEL_LAST_NON_DIRECT; i <= MODEL_TIME_DECAY; i++) {
		const char *word = model_word((enum attribution_model)i);

		assert_true(model_of_word(str_of(word), &model));
		assert_int_equal(model, i);
	}
	for (int i = DELIVER_ALL; i <= DELIVER_ONLY_WON; i++) {
		const char *word = deliver_word((enum deliver)i);

		assert_true(deliver_of_word(str_of(word), &deliver));
		assert_int_equal(deliver, i);
	}
	assert_string_equal(deliver_word(DELIVER_ONLY_WON), "only-won");
	assert_false(model_of_word(STR("LAST"), &model));
	assert_false(model_of_word(STR(""), &model));
	assert_false(deliver_of_word(STR("only_won"), &deliver));
	assert_string_equal(model_word((enum attribution_model)0), "?");
	assert_string_equal(deliver_word((enum deliver)4), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_out_by_model),
		cmocka_unit_test(other_windows),
		cmocka_unit_test(decay_survives_any_window),
		cmocka_unit_test(delivers_by_winner),
		cmocka_unit_test(a_tie_is_a_tie_after_rounding),
		cmocka_unit_test(credits_only_what_was_paid),
		cmocka_unit_test(settles_what_was_seen_before),
		cmocka_unit_test(names_go_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
