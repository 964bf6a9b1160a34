/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "run/site.h"

enum { MINUTE = 60 * 1000, PROBE = 15 * MINUTE };

static const struct site_limits limits = {2000, 900000};

static struct secret token(const char *text)
{
	struct secret s;

	s.len = strlen(text);
	memcpy(s.bytes, text, s.len);
	return s;
}

static void give(struct site *s, const char *text, uint64_t now_ms)
{
	struct secret t = token(text);

	site_set_token(s, &t, now_ms);
}

static void judge(struct site *s, enum verdict v, uint64_t started_ms, uint64_t now_ms)
{
	site_judge(s, &limits, v, 0, started_ms, now_ms, 7);
}

/* Whether one more request may start beside those under way. */
static bool may_start(struct site *s, int under_way)
{
	s->under_way = under_way;
	return site_may_send(s, 1);
}

static void a_new_token_is_tried_by_one_request(void **state)
{
	static const struct {
		enum verdict v;
		bool proven;
	} rows[] = {
		{VERDICT_DELIVERED, true}, {VERDICT_REFUSED, true},
		{VERDICT_TOO_LARGE, true}, {VERDICT_RETRY, true},
		{VERDICT_NOT_SENT, false}, {VERDICT_TLS, false},
		{VERDICT_TOKEN, false},    {VERDICT_PERMISSION, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct site s = {.id = 1};

		give(&s, "a", 1);
		assert_true(may_start(&s, 0));
		assert_false(may_start(&s, 1));
		judge(&s, rows[i].v, 2, 3);
		s.state = SITE_OPEN;
		assert_int_equal(may_start(&s, 1), rows[i].proven);
		assert_false(may_start(&s, SITE_SLOTS));
		give(&s, "a", 4);
		assert_int_equal(may_start(&s, 1), rows[i].proven);
		give(&s, "b", 5);
		assert_false(may_start(&s, 1));
	}
}

static void what_is_being_opened_counts(void **state)
{
	static const struct {
		int under_way, opening;
		double rate;
		bool may;
	} rows[] = {
		{0, 0, 0, true},
		{0, 1, 0, true},
		{SITE_SLOTS - 2, 1, 0, true},
		{SITE_SLOTS - 1, 1, 0, false},
		{SITE_SLOTS, 0, 0, false},
		/* The next one may start a while later only. */
		{0, 0, 5, true},
		{0, 1, 5, false},
	};
	struct site s = {.id = 1};

	(void)state;
	give(&s, "a", 1);
	s.opening = 1; /* nothing was answered to the token yet */
	assert_false(site_may_open(&s, 1));
	judge(&s, VERDICT_DELIVERED, 2, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.under_way = rows[i].under_way;
		s.opening = rows[i].opening;
		s.requests_per_second = rows[i].rate;
		assert_int_equal(site_may_open(&s, 4), rows[i].may);
		/* As does what waited and is being read. */
		if (s.opening == 0)
			continue;
		s.opening--;
		s.reading_due = true;
		assert_int_equal(site_may_open(&s, 4), rows[i].may);
		s.reading_due = false;
	}
}

static void a_refusal_waits_for_a_person_and_probes(void **state)
{
	struct site s = {.id = 1};

	(void)state;
	give(&s, "a", 1);
	judge(&s, VERDICT_TOKEN, 10, 20);
	assert_int_equal(s.state, SITE_BLOCKED);
	assert_int_equal(s.reason, REASON_TOKEN_REFUSED);
	site_wake(&s, 20 + PROBE - 1);
	assert_int_equal(s.state, SITE_BLOCKED);
	site_wake(&s, 20 + PROBE);
	assert_int_equal(s.state, SITE_PROBING);
	judge(&s, VERDICT_PERMISSION, 20 + PROBE, 30 + PROBE);
	assert_int_equal(s.state, SITE_BLOCKED);
	assert_int_equal(s.reason, REASON_PERMISSION);
	assert_int_equal(s.until_ms, 30 + 2 * PROBE);
	give(&s, "b", 100 + PROBE);
	assert_int_equal(s.state, SITE_OPEN);
}

/* Requests that were under way when the token changed end after it. */
static void what_was_said_of_the_token_before_does_not_count(void **state)
{
	struct site s = {.id = 1};

	(void)state;
	give(&s, "a", 1);
	judge(&s, VERDICT_DELIVERED, 2, 3);
	give(&s, "b", 10);
	judge(&s, VERDICT_TOKEN, 9, 20);
	judge(&s, VERDICT_PERMISSION, 9, 20);
	assert_int_equal(s.state, SITE_OPEN);
	judge(&s, VERDICT_TOKEN, 11, 20);
	assert_int_equal(s.state, SITE_BLOCKED);
	site_set_token(&s, NULL, 30);
	judge(&s, VERDICT_TOKEN, 11, 40);
	assert_int_equal(s.reason, REASON_NEEDS_TOKEN);
	assert_int_equal(s.until_ms, SITE_FOREVER);
}

static void a_restart_waits_for_the_probe_that_was_due(void **state)
{
	static const struct {
		enum reason reason;
		int64_t wait_ms;
		enum site_state state;
		uint64_t until_ms;
	} rows[] = {
		{REASON_TOKEN_REFUSED, 5 * MINUTE, SITE_BLOCKED, 1000 + 5 * MINUTE},
		{REASON_PERMISSION, 1, SITE_BLOCKED, 1001},
		{REASON_TOKEN_REFUSED, 0, SITE_PROBING, 1000},
		{REASON_TOKEN_REFUSED, -1000000, SITE_PROBING, 1000},
		{REASON_TOKEN_REFUSED, INT64_MAX, SITE_BLOCKED, 1000 + PROBE},
		{REASON_RATE_LIMITED, 5 * MINUTE, SITE_BLOCKED, 1000 + 5 * MINUTE},
		{REASON_RATE_LIMITED, INT64_MAX, SITE_BLOCKED, 1000 + 60 * MINUTE},
		{REASON_NETWORK, 5 * MINUTE, SITE_OPEN, 0},
		{REASON_SERVER_ERROR, 5 * MINUTE, SITE_OPEN, 0},
		{REASON_NONE, 5 * MINUTE, SITE_OPEN, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct site s = {.id = 1};

		give(&s, "a", 1000);
		site_resume(&s, rows[i].reason, rows[i].wait_ms, 1000);
		assert_int_equal(s.state, rows[i].state);
		assert_int_equal(s.until_ms, rows[i].until_ms);
		/* A token does not end a throttle; a person does. */
		site_try_again(&s, 1001);
		assert_int_equal(s.state, rows[i].reason == REASON_RATE_LIMITED
						  ? SITE_BLOCKED
						  : SITE_OPEN);
		site_go_on(&s, 1001);
		assert_int_equal(s.state, SITE_OPEN);
	}
}

/* 429 with Retry-After: 600; then what was under way beside it ends in another way. */
static void no_answer_shortens_what_another_asked_for(void **state)
{
	static const struct {
		enum verdict v;
		int64_t retry_after_ms;
		enum reason reason;
		uint64_t until_ms, until_with_a_token_ms;
	} rows[] = {
		{VERDICT_DELIVERED, 0, REASON_RATE_LIMITED, 10 * MINUTE, 10 * MINUTE},
		{VERDICT_STOPPED, 0, REASON_RATE_LIMITED, 10 * MINUTE, 10 * MINUTE},
		{VERDICT_STOPPED, 1000, REASON_RATE_LIMITED, 10 * MINUTE, 10 * MINUTE},
		{VERDICT_RETRY, 1000, REASON_RATE_LIMITED, 10 * MINUTE, 10 * MINUTE},
		{VERDICT_THROTTLED, 1000, REASON_RATE_LIMITED, 10 * MINUTE, 10 * MINUTE},
		{VERDICT_NOT_SENT, 0, REASON_RATE_LIMITED, 10 * MINUTE, 10 * MINUTE},
		{VERDICT_THROTTLED, 20 * MINUTE, REASON_RATE_LIMITED, 20 * MINUTE + 10,
		 20 * MINUTE + 10},
		{VERDICT_TOKEN, 0, REASON_TOKEN_REFUSED, PROBE + 10, 10 * MINUTE},
		{VERDICT_PERMISSION, 0, REASON_PERMISSION, PROBE + 10, 10 * MINUTE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct site s = {.id = 1};
		uint64_t at = 100;

		give(&s, "a", 1);
		site_judge(&s, &limits, VERDICT_THROTTLED, 10 * MINUTE, 10, at, 7);
		site_judge(&s, &limits, rows[i].v, rows[i].retry_after_ms, 11, at + 10,
			   7);
		assert_int_equal(s.reason, rows[i].reason);
		assert_int_equal(s.until_ms, at + rows[i].until_ms);
		/* And then a fault that asks for a second. */
		site_judge(&s, &limits, VERDICT_STOPPED, 1000, 12, at + 20, 7);
		assert_int_equal(s.reason, rows[i].reason);
		give(&s, "b", at + 30);
		assert_int_equal(s.state, SITE_BLOCKED);
		assert_int_equal(s.reason, REASON_RATE_LIMITED);
		assert_int_equal(s.until_ms, at + rows[i].until_with_a_token_ms);
		site_go_on(&s, at + 40);
		assert_int_equal(s.state, SITE_OPEN);
		/* A person's word stands: nobody asks for quiet any more. */
		judge(&s, VERDICT_TOKEN, at + 41, at + 42);
		give(&s, "c", at + 43);
		assert_int_equal(s.state, SITE_OPEN);
	}
}

/* The next relay keeps what TikTok had said, also where its token is refused and replaced. */
static void a_restart_forgets_no_quiet(void **state)
{
	struct site s = {.id = 1};

	(void)state;
	give(&s, "a", 1000);
	site_resume(&s, REASON_RATE_LIMITED, 5 * MINUTE, 1000);
	judge(&s, VERDICT_TOKEN, 1001, 1002);
	assert_int_equal(s.reason, REASON_TOKEN_REFUSED);
	give(&s, "b", 1003);
	assert_int_equal(s.state, SITE_BLOCKED);
	assert_int_equal(s.reason, REASON_RATE_LIMITED);
	assert_int_equal(s.until_ms, 1000 + 5 * MINUTE);
}

/* What a person must mend is told, also where the other asks for a longer pause. */
static void a_refused_token_is_told_beside_a_long_throttle(void **state)
{
	struct site s = {.id = 1};

	(void)state;
	give(&s, "a", 1);
	judge(&s, VERDICT_TOKEN, 10, 20);
	site_judge(&s, &limits, VERDICT_THROTTLED, 20 * MINUTE, 11, 30, 7);
	assert_int_equal(s.reason, REASON_TOKEN_REFUSED);
	assert_int_equal(s.until_ms, 30 + 20 * MINUTE);
}

/* However long --retry-cap-ms lets a row wait. */
static void a_throttle_is_probed_every_five_minutes(void **state)
{
	uint64_t longest = 0, random = 1;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct site s = {.id = 1, .failures = 20};

		give(&s, "a", 1);
		random = random * 6364136223846793005 + 1442695040888963407;
		site_judge(&s, &limits, VERDICT_THROTTLED, 0, 10, 20, random);
		if (s.until_ms - 20 > longest)
			longest = s.until_ms - 20;
	}
	assert_in_range(longest, 4 * MINUTE, 5 * MINUTE);
}

/* It was proven long ago, so that nothing but the probe keeps the others back. */
static void one_request_probes(void **state)
{
	struct site s = {.id = 1};

	(void)state;
	give(&s, "a", 1);
	judge(&s, VERDICT_DELIVERED, 2, 3);
	assert_true(may_start(&s, SITE_SLOTS - 1));
	judge(&s, VERDICT_THROTTLED, 10, 20);
	assert_false(may_start(&s, 0));
	site_wake(&s, s.until_ms);
	assert_int_equal(s.state, SITE_PROBING);
	assert_true(may_start(&s, 0));
	assert_false(may_start(&s, 1));
	judge(&s, VERDICT_DELIVERED, 30, 40);
	assert_int_equal(s.state, SITE_OPEN);
	assert_true(may_start(&s, SITE_SLOTS - 1));
}

/* Requests that were under way when the fault came may end well. */
static void an_answer_from_before_the_fault_ends_no_pause(void **state)
{
	static const enum verdict answers[] = {VERDICT_DELIVERED, VERDICT_REFUSED,
					       VERDICT_TOO_LARGE};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct site s = {.id = 1};

		give(&s, "a", 1);
		judge(&s, VERDICT_DELIVERED, 2, 3);
		judge(&s, VERDICT_THROTTLED, 10, 20);
		judge(&s, answers[i], 10, 25);
		assert_int_equal(s.state, SITE_BLOCKED);
		site_wake(&s, s.until_ms);
		judge(&s, answers[i], 20, 26);
		assert_int_equal(s.state, SITE_PROBING);
		judge(&s, answers[i], 21, 30);
		assert_int_equal(s.state, SITE_OPEN);
	}
}

/* Only that is kept for the next relay: see site_resume. */
static void who_says_how_long_is_a_throttle(void **state)
{
	static const struct {
		enum verdict v;
		enum reason reason;
	} rows[] = {
		{VERDICT_THROTTLED, REASON_RATE_LIMITED},
		{VERDICT_RETRY, REASON_RATE_LIMITED},
		{VERDICT_UNKNOWN, REASON_RATE_LIMITED},
		{VERDICT_STOPPED, REASON_RATE_LIMITED},
		{VERDICT_TOKEN, REASON_TOKEN_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct site s = {.id = 1};

		give(&s, "a", 1);
		site_judge(&s, &limits, rows[i].v, 20 * MINUTE, 10, 20, 7);
		assert_int_equal(s.reason, rows[i].reason);
		assert_int_equal(s.until_ms, 20 + 20 * MINUTE);
	}
}

static void a_batch_is_as_large_as_gets_through(void **state)
{
	struct site s = {.id = 1, .batch = 1000};
	int requests = 0;

	(void)state;
	give(&s, "a", 1);
	site_learn_size(&s, VERDICT_NOT_SENT, 1000, false); /* nobody was there */
	site_learn_size(&s, VERDICT_UNKNOWN, 1000, true);   /* it was all sent */
	assert_int_equal(site_batch(&s), 1000);
	for (int i = 0; i < 8; i++) /* those under way fail together */
		site_learn_size(&s, VERDICT_NOT_SENT, 1000, true);
	assert_int_equal(site_batch(&s), 500);
	site_learn_size(&s, VERDICT_NOT_SENT, 500, true);
	site_learn_size(&s, VERDICT_DELIVERED, 20, false);
	assert_int_equal(site_batch(&s), 250);
	for (int events = 250; events > 0; events /= 2)
		site_learn_size(&s, VERDICT_NOT_SENT, events, true);
	assert_int_equal(site_batch(&s), 1);
	for (; site_batch(&s) < 1000; requests++)
		site_learn_size(&s, VERDICT_DELIVERED, site_batch(&s), false);
	assert_in_range(requests, 50, 100);
	/* Whether a circuit may close, one event tells as well as a thousand. */
	for (int i = 0; i < CIRCUIT_FAILURES; i++)
		judge(&s, VERDICT_RETRY, 2, 3);
	site_wake(&s, 3 + 30 * 1000);
	assert_int_equal(s.state, SITE_PROBING);
	assert_int_equal(site_batch(&s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_token_is_tried_by_one_request),
		cmocka_unit_test(what_is_being_opened_counts),
		cmocka_unit_test(a_refusal_waits_for_a_person_and_probes),
		cmocka_unit_test(what_was_said_of_the_token_before_does_not_count),
		cmocka_unit_test(a_restart_waits_for_the_probe_that_was_due),
		cmocka_unit_test(no_answer_shortens_what_another_asked_for),
		cmocka_unit_test(who_says_how_long_is_a_throttle),
		cmocka_unit_test(a_batch_is_as_large_as_gets_through),
		cmocka_unit_test(one_request_probes),
		cmocka_unit_test(a_restart_forgets_no_quiet),
		cmocka_unit_test(a_refused_token_is_told_beside_a_long_throttle),
		cmocka_unit_test(a_throttle_is_probed_every_five_minutes),
		cmocka_unit_test(an_answer_from_before_the_fault_ends_no_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
