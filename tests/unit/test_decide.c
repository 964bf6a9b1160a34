/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/decide.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW INT64_C(1790000000)
#define G SIGNAL_GRANTED
#define D SIGNAL_DENIED
#define U SIGNAL_UNSPECIFIED

static struct scratch scratch;
static struct event_map *map;

static int set_up(void **state)
{
	const struct event_map_row rows[] = {{STR("purchase"), 0, STR("Purchase"), 1}};

	(void)state;
	scratch_init(&scratch);
	map = event_map_new(rows, COUNT(rows));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	event_map_free(map);
	scratch_fini(&scratch);
	return 0;
}

static void run(const struct outbox_row *row, const struct destination_rules *d,
		const struct enrichment *e, struct decision *out)
{
	struct conversion c;

	assert_int_equal(conversion_read(&c, row, &scratch), REASON_NONE);
	decide(&c, d, map, e, NOW * 1000 + 999, out);
}

static void takes_the_time_within_its_bounds(void **state)
{
	static const struct {
		struct event_time time;
		enum reason reason;
		int64_t want;
	} rows[] = {
		{{EVENT_TIME_NONE}, REASON_NONE, NOW - 10},
		{{.kind = EVENT_TIME_TEXT, .text = {"  ", 2}}, REASON_NONE, NOW - 10},
		{{EVENT_TIME_INTEGER, NOW}, REASON_NONE, NOW},
		{{EVENT_TIME_INTEGER, NOW * 1000}, REASON_NONE, NOW},
		{{EVENT_TIME_INTEGER, NOW + 300}, REASON_NONE, NOW + 300},
		{{EVENT_TIME_INTEGER, NOW + 301}, REASON_FUTURE_TIME, NOW + 301},
		{{EVENT_TIME_INTEGER, NOW - AGE_MAX_S}, REASON_NONE, NOW - AGE_MAX_S},
		{{EVENT_TIME_INTEGER, NOW - AGE_MAX_S - 1},
		 REASON_TOO_OLD,
		 NOW - AGE_MAX_S - 1},
		{{.kind = EVENT_TIME_TEXT, .text = {"soon", 4}}, REASON_BAD_TIME, 0},
		{{EVENT_TIME_INTEGER, -1}, REASON_BAD_TIME, 0},
	};
	static const struct destination_rules d = {.id = 1, .source = SOURCE_WEB};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outbox_row row = {.created_ms = (NOW - 10) * 1000 + 500,
					 .event = STR("purchase"),
					 .event_time = rows[i].time,
					 .payload = STR("{}")};
		struct decision got;

		run(&row, &d, NULL, &got);
		if (got.reason != rows[i].reason || got.event_time != rows[i].want)
			fail_msg("row %zu: %s", i, reason_word(got.reason));
	}
}

static void reads_the_time_of_the_payload(void **state)
{
	static const char *const payloads[] = {
		"{\"conversion_date_time\":1789999000}",
		"{\"conversion_date_time\":1789999000.5}",
		"{\"conversion_date_time\":1789999000000}",
		"{\"conversion_date_time\":1789999000000000000}",
		"{\"conversion_date_time\":\"1789999000\"}",
		"{\"conversion_date_time\":\"2026-09-21T13:56:40Z\"}",
		"{\"conversion_date_time\":\"2026-09-21T13:56:40\\u005a\"}",
	};
	static const struct destination_rules d = {.id = 1, .source = SOURCE_WEB};

	(void)state;
	for (size_t i = 0; i < COUNT(payloads); i++) {
		struct outbox_row row = {.created_ms = NOW * 1000,
					 .event = STR("purchase"),
					 .payload = str_of(payloads[i])};
		struct decision got;

		run(&row, &d, NULL, &got);
		if (got.reason != REASON_NONE || got.event_time != 1789999000)
			fail_msg("%s: %s %lld", payloads[i], reason_word(got.reason),
				 (long long)got.event_time);
	}
}

static const struct {
	const char *payload;
	struct consent person;
	bool strict, pii;
	enum reason reason;
} statements[] = {
	{"{}", {0}, false, false, REASON_NONE},
	{"{\"consent\":{\"ad_user_data\":\"GRANTED\"}}", {0}, false, true, REASON_NONE},
	{"{\"consent\":{\"ad_user_data\":\"DENIED\"}}", {0}, false, false, REASON_NONE},
	{"{\"consent\":{\"ad_user_data\":true}}", {0}, false, false, REASON_NONE},
	{"{\"consent\":{\"ad_user_data\":\"yes\"}}", {0}, false, false, REASON_NONE},
	{"{\"consent\":{\"ad_user_data\":\"GRANTED\",\"ad_storage\":\"DENIED\"}}",
	 {0},
	 false,
	 true,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"analytics_storage\":\"DENIED\"}}",
	 {0},
	 false,
	 false,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"ad_storage\":\"maybe\"}}",
	 {0},
	 false,
	 false,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"ad_storage\":null}}", {0}, false, false, REASON_NONE},
	{"{\"consent\":{\"ad_personalization\":\"DENIED\"}}",
	 {0},
	 false,
	 false,
	 REASON_NONE},
	{"{\"consent\":false}", {0}, false, false, REASON_CONSENT_DENIED},
	{"{\"consent\":{}}", {0}, false, false, REASON_NONE},
	/* PHP's json_encode of an array without members */
	{"{\"consent\":[]}", {0}, false, false, REASON_NONE},
	{"{\"consent\":[ ]}", {0}, false, false, REASON_NONE},
	{"{\"consent\":[]}", {G, G, G, G, true}, false, true, REASON_NONE},
	{"{\"consent\":[]}", {0}, true, false, REASON_CONSENT_DENIED},
	{"{\"consent\":[[]]}", {0}, false, false, REASON_CONSENT_DENIED},
	{"{\"consent\":[{\"ad_user_data\":\"GRANTED\"}]}",
	 {0},
	 false,
	 false,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"gcd\":[]}}", {0}, false, false, REASON_NONE},
	/* the person's statement, where the payload says nothing */
	{"{}", {G, G, G, G, true}, false, true, REASON_NONE},
	{"{\"consent\":{}}", {G, G, G, G, true}, false, true, REASON_NONE},
	/* signal by signal */
	{"{\"consent\":{\"ad_user_data\":\"DENIED\"}}",
	 {G, G, D, G, true},
	 false,
	 false,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"ad_user_data\":\"DENIED\"}}",
	 {G, G, G, G, true},
	 false,
	 false,
	 REASON_NONE},
	{"{\"consent\":{\"ad_storage\":\"GRANTED\"}}",
	 {G, G, D, G, true},
	 false,
	 true,
	 REASON_NONE},
	{"{\"consent\":{\"gcs\":\"G111\"}}",
	 {G, U, U, U, true},
	 false,
	 true,
	 REASON_NONE},
	{"{\"consent\":{\"ad_user_data\":\"UNSPECIFIED\",\"ad_storage\":\"\"}}",
	 {G, G, D, G, true},
	 false,
	 true,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"gcd\":\"13l3l3l3l1l1\"}}",
	 {G, U, U, U, true},
	 false,
	 true,
	 REASON_NONE},
	{"{}", {G, U, D, U, true}, false, true, REASON_CONSENT_DENIED},
	{"{}", {G, G, D, G, false}, false, false, REASON_NONE},
	/* strict */
	{"{}", {0}, true, false, REASON_CONSENT_DENIED},
	{"{}", {G, U, G, G, true}, true, true, REASON_NONE},
	{"{}", {G, G, G, U, true}, true, true, REASON_CONSENT_DENIED},
	{"{}", {U, G, G, G, true}, true, false, REASON_NONE},
	/* Google's strings */
	{"{\"consent\":{\"gcs\":\"G111\"}}", {0}, true, false, REASON_NONE},
	{"{\"consent\":{\"gcs\":\"G100\"}}", {0}, false, false, REASON_CONSENT_DENIED},
	{"{\"consent\":{\"gcd\":\"13r3r3r3r5l1\"}}", {0}, true, true, REASON_NONE},
	{"{\"consent\":\"13r3r3r3r5l1\"}", {0}, true, true, REASON_NONE},
	{"{\"consent\":{\"gcd\":\"13l3l3p3l1l1\",\"ad_user_data\":\"\"}}",
	 {G, G, G, G, true},
	 false,
	 false,
	 REASON_NONE},
	{"{\"consent\":{\"gcd\":\"13l3l3p3l1l1\",\"ad_user_data\":\"GRANTED\"}}",
	 {0},
	 false,
	 false,
	 REASON_NONE},
	{"{\"consent\":{\"gcd\":\"?\"}}", {0}, false, false, REASON_CONSENT_DENIED},
	{"{\"consent\":{\"gcs\":\"G100\",\"gcd\":\"13t3t3t3t5l1\"}}",
	 {0},
	 false,
	 true,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"gcs\":\"G111\",\"gcd\":\"13t3t3t3t5l1\"}}",
	 {0},
	 false,
	 true,
	 REASON_NONE},
	{"{\"consent\":{\"gcs\":\"G111\",\"gcd\":\"13l3l3l3l1l1\"}}",
	 {0},
	 true,
	 false,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"gcs\":\"G111\",\"gcd\":\"\"}}", {0}, true, false, REASON_NONE},
	{"{\"consent\":{\"gcs\":\"?\",\"gcd\":\"13t3t3t3t5l1\"}}",
	 {0},
	 false,
	 false,
	 REASON_CONSENT_DENIED},
	{"{\"consent\":{\"gcd\":\"13r3r3r3r5l1\",\"ad_user_data\":\"DENIED\"}}",
	 {0},
	 false,
	 false,
	 REASON_NONE},
};

static void follows_consent(void **state)
{

	(void)state;
	for (size_t i = 0; i < COUNT(statements); i++) {
		struct destination_rules d = {.id = 1,
					      .source = SOURCE_WEB,
					      .consent_strict = statements[i].strict};
		struct enrichment e = {.consent = statements[i].person};
		struct outbox_row row = {.created_ms = NOW * 1000,
					 .event = STR("purchase"),
					 .payload = str_of(statements[i].payload)};
		struct decision got;

		run(&row, &d, &e, &got);
		if (got.reason != statements[i].reason || got.pii != statements[i].pii ||
		    got.limited_data_use != !statements[i].pii)
			fail_msg("row %zu: %s: %s", i, statements[i].payload,
				 reason_word(got.reason));
	}
}

static void limits_data_use_where_there_is_such_a_field(void **state)
{
	static const signed char want[] = {[SOURCE_WEB] = 1,
					   [SOURCE_APP] = 1,
					   [SOURCE_OFFLINE] = -1,
					   [SOURCE_CRM] = -1};

	(void)state;
	for (enum event_source s = SOURCE_WEB; s <= SOURCE_CRM; s++) {
		struct destination_rules d = {.id = 1, .source = s};
		struct outbox_row row = {.created_ms = NOW * 1000,
					 .event = STR("purchase"),
					 .payload = STR("{}")};
		struct decision got;

		run(&row, &d, NULL, &got);
		assert_int_equal(got.limited_data_use, want[s]);
	}
}

static void note(void *arg, const char *step, const char *text)
{
	struct buf *b = arg;

	buf_addf(b, "%s: %s\n", step, text);
}

static void tells_its_steps(void **state)
{
	static const struct destination_rules d = {.id = 1, .source = SOURCE_WEB};
	struct outbox_row row = {.event = STR("other"), .payload = STR("{}")};
	struct conversion c;
	struct decision got;
	struct buf told;
	struct trace trace = {note, &told};

	(void)state;
	buf_init(&told, 10000);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	decide_traced(&c, &d, map, NULL, NOW * 1000, &got, &trace);
	assert_int_equal(got.reason, REASON_NOT_MAPPED);
	assert_string_equal(
		buf_z(&told),
		"map: \"other\" is not mapped\ndecision: skipped: not_mapped\n");
	buf_fini(&told);
}

/* clang-format off: a row a line */
static const struct {
	int64_t created_ms;
	struct event_time at;
	const char *told;
} times[] = {
	{NOW * 1000 + 500,
	 {EVENT_TIME_NONE},
	 "2026-09-21T14:13:20Z, when the row was made\n"},
	{0, {EVENT_TIME_INTEGER, NOW - 60}, "2026-09-21T14:12:20Z\n"},
	{0, {EVENT_TIME_INTEGER, NOW + 600}, "2026-09-21T14:23:20Z is 600 s ahead\n"},
	{0, {EVENT_TIME_INTEGER, 0}, "1970-01-01T00:00:00Z is more than 28 days ago\n"},
	{INT64_MAX,
	 {EVENT_TIME_NONE},
	 "9223372036854775, when the row was made, is 9223370246854775 s ahead\n"},
	{-1000,
	 {EVENT_TIME_NONE},
	 "-1, when the row was made, is more than 28 days ago\n"},
	{0,
	 {EVENT_TIME_TEXT, .text = {" 2026-09-21 14:12:20 ", 21}},
	 "2026-09-21T14:12:20Z, from '2026-09-21 14:12:20' in UTC\n"},
	{0,
	 {EVENT_TIME_TEXT, .text = {"2026-09-21 15:13:20", 19}},
	 "2026-09-21T15:13:20Z, from '2026-09-21 15:13:20' in UTC, is 3600 s ahead\n"},
	{0,
	 {EVENT_TIME_TEXT, .text = {"2026-09-21T14:12:20Z", 20}},
	 "2026-09-21T14:12:20Z\n"},
};
/* clang-format on */

static void tells_times_in_utc(void **state)
{
	static const struct destination_rules d = {.id = 1, .source = SOURCE_WEB};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct outbox_row row = {.created_ms = times[i].created_ms,
					 .event = STR("purchase"),
					 .event_time = times[i].at,
					 .payload = STR("{}")};
		struct conversion c;
		struct decision got;
		struct buf told;
		struct trace trace = {note, &told};
		const char *line;

		buf_init(&told, 10000);
		assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
		decide_traced(&c, &d, map, NULL, NOW * 1000, &got, &trace);
		line = strstr(buf_z(&told), "time: ");
		assert_non_null(line);
		if (!str_starts(str_of(line + 6), str_of(times[i].told)))
			fail_msg("row %zu: %s", i, line);
		buf_fini(&told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_time_within_its_bounds),
		cmocka_unit_test(reads_the_time_of_the_payload),
		cmocka_unit_test(follows_consent),
		cmocka_unit_test(limits_data_use_where_there_is_such_a_field),
		cmocka_unit_test(tells_its_steps),
		cmocka_unit_test(tells_times_in_utc),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
