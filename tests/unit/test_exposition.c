/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "run/exposition.h"

static struct vitals_site shop(void)
{
	struct vitals_site s = {.id = 1, .name = "shop", .has_token = true};

	return s;
}

static void labels_and_values(void **state)
{
	const struct {
		struct str value;
		const char *line;
	} rows[] = {
		{STR("shop"), "x{a=\"shop\"} -5\n"},
		{STR(""), "x{a=\"\"} -5\n"},
		{STR("a\"b\\c\nd"), "x{a=\"a\\\"b\\\\c\\nd\"} -5\n"},
		{STR("\xff\xfe"), "x{a=\"?\"} -5\n"},
		{STR("a\0b"), "x{a=\"a?b\"} -5\n"},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct label labels[] = {{"a", rows[i].value}, {NULL, STR_NONE}};

		buf_clear(&b);
		exposition_int(&b, "x", labels, -5);
		assert_string_equal(buf_z(&b), rows[i].line);
	}
	buf_clear(&b);
	exposition_ms(&b, "x", NULL, 1795616010007);
	assert_string_equal(buf_z(&b), "x 1795616010.007\n");
	buf_fini(&b);
}

/* Buckets are cumulated, and the last is the count. */
static void histograms_add_up(void **state)
{
	struct vitals_site s = shop();
	struct vitals v = {.sites = &s, .count = 1};
	struct buf b;

	(void)state;
	histogram_add(&s.metrics.request, 30, 2);
	histogram_add(&s.metrics.request, 400, 1);
	histogram_add(&s.metrics.request, INT64_C(200000000), 1);
	buf_init(&b, 100000);
	exposition_vitals(&b, &v);
#define LINE(le, count)                                                                  \
	"\nconvey_request_duration_seconds_bucket{destination=\"shop\",le=\"" le         \
	"\"} " count "\n"
	assert_non_null(strstr(buf_z(&b), LINE("0.025", "0")));
	assert_non_null(strstr(buf_z(&b), LINE("0.05", "2")));
	assert_non_null(strstr(buf_z(&b), LINE("0.5", "3")));
	assert_non_null(strstr(buf_z(&b), LINE("172800", "3")));
	assert_non_null(strstr(buf_z(&b), LINE("+Inf", "4")));
	assert_non_null(strstr(buf_z(&b), "_sum{destination=\"shop\"} 200000.460\n"));
	assert_non_null(strstr(buf_z(&b), "_count{destination=\"shop\"} 4\n"));
	buf_fini(&b);
}

static void why_it_is_not_ready(void **state)
{
	struct vitals_site waits = {
		.name = "app", .waits = true, .reason = REASON_NEEDS_TOKEN};
	struct vitals_site paused = {.name = "off", .waits = true, .paused = true};
	struct vitals_site both[] = {waits, paused}, one[] = {waits, shop()};
	const struct {
		struct vitals v;
		const char *said;
	} rows[] = {
		{{.sites = one, .count = 2, .configured = true}, ""},
		{{.sites = both, .count = 2, .configured = true},
		 "destination app waits: needs_token\ndestination off waits: paused\n"},
		{{.configured = true},
		 "there is no destination: convey destination add\n"},
		{{.count = 0}, "the configuration has not been read yet\n"},
		{{.sites = one, .count = 2, .configured = true, .stopping = true},
		 "the relay is stopping\n"},
		{{.sites = one, .count = 2, .configured = true, .trouble = "disk full"},
		 "the database cannot be written: disk full\n"},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&b);
		vitals_unready(&rows[i].v, &b);
		assert_string_equal(buf_z(&b), rows[i].said);
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_and_values),
		cmocka_unit_test(histograms_add_up),
		cmocka_unit_test(why_it_is_not_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
