/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "run/metrics.h"

static void a_value_is_counted_at_its_bound(void **state)
{
	static const struct {
		int64_t ms;
		size_t bucket;
	} rows[] = {
		{-5, 0},
		{0, 0},
		{10, 0},
		{11, 1},
		{25, 1},
		{100, 3},
		{101, 4},
		{30000, 10},
		{172800000, METRICS_BOUNDS - 1},
		{172800001, METRICS_BOUNDS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct histogram h = {{0}, 0};

		histogram_add(&h, rows[i].ms, 3);
		assert_int_equal(h.bucket[rows[i].bucket], 3);
		assert_int_equal(histogram_count(&h), 3);
		assert_int_equal(h.sum_ms, rows[i].ms > 0 ? rows[i].ms * 3 : 0);
	}
}

static void a_share_lies_below_a_bound(void **state)
{
	struct histogram h = {{0}, 0};

	(void)state;
	assert_int_equal(histogram_quantile(&h, 0.5), -1);
	histogram_add(&h, 40, 90);
	histogram_add(&h, 700, 9);
	histogram_add(&h, INT64_C(172800001), 1);
	assert_int_equal(histogram_quantile(&h, 0.5), 50);
	assert_int_equal(histogram_quantile(&h, 0.9), 50);
	assert_int_equal(histogram_quantile(&h, 0.91), 1000);
	assert_int_equal(histogram_quantile(&h, 0.99), 1000);
	assert_int_equal(histogram_quantile(&h, 1.0), -1);
}

static void requests_by_verdict_and_class(void **state)
{
	static struct site_metrics m;

	(void)state;
	metrics_request(&m, VERDICT_DELIVERED, 200, 30);
	metrics_request(&m, VERDICT_RETRY, 503, 30);
	metrics_request(&m, VERDICT_NOT_SENT, 0, 30);
	metrics_request(&m, VERDICT_TLS, 999, 30);
	metrics_request(&m, VERDICT_UNKNOWN, -1, 30);
	assert_int_equal(m.attempts[VERDICT_DELIVERED][2], 1);
	assert_int_equal(m.attempts[VERDICT_RETRY][5], 1);
	assert_int_equal(m.attempts[VERDICT_NOT_SENT][0], 1);
	assert_int_equal(m.attempts[VERDICT_TLS][0], 1);
	assert_int_equal(m.attempts[VERDICT_UNKNOWN][0], 1);
	assert_int_equal(histogram_count(&m.request), 5);
	assert_int_equal(METRICS_VERDICTS - 1, VERDICT_TLS);
}

/* Only what the request carried, each event by when it was committed. */
static void each_delivered_event_is_counted(void **state)
{
	struct entry entries[] = {
		{.created_ms = 1000, .batch = 7},
		{.created_ms = 1000, .batch = 7},
		{.created_ms = 1000, .batch = 8},
		{.created_ms = 1000, .batch = 7, .flags = ENTRY_DROPPED},
		{.created_ms = 1000, .batch = 7, .reason = REASON_TOO_OLD},
		{.created_ms = 1450, .batch = 7},
		{.created_ms = 9000, .batch = 7}, /* the clock was set meanwhile */
	};
	struct lot lot = {.entries = entries, .count = 7};
	static struct site_metrics m;

	(void)state;
	metrics_delivered(&m, &lot, 7, 1500);
	assert_int_equal(m.delivered, 4);
	assert_int_equal(histogram_count(&m.delivery), 4);
	assert_int_equal(m.delivery.bucket[5], 2); /* 500 ms */
	assert_int_equal(m.delivery.bucket[2], 1); /* 50 ms */
	assert_int_equal(m.delivery.bucket[0], 1);
	assert_int_equal(m.delivery.sum_ms, 500 * 2 + 50);
	metrics_delivered(&m, &lot, 9, 1500);
	assert_int_equal(m.delivered, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_counted_at_its_bound),
		cmocka_unit_test(a_share_lies_below_a_bound),
		cmocka_unit_test(requests_by_verdict_and_class),
		cmocka_unit_test(each_delivered_event_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
