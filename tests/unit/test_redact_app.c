/* SPDX-License-Identifier: MIT
 *
 * What is left of an app's address at rest, and that a retry sends what was sent. */
#include "event.h"

#define APP "android-app://com.x/"

static struct str write_payload(const char *referrer)
{
	buf_clear(&payload);
	buf_addf(&payload,
		 "{\"page\":{\"url\":\"https://s.example/\",\"referrer\":\"%s\"}}",
		 referrer);
	return buf_str(&payload);
}

static void make_event(struct str text, bool hashed, struct buf *event)
{
	event_make(text, hashed, event);
	assert_non_null(strstr(buf_z(event), "\"referrer\":"));
}

/* at_rest NULL: as it was. */
static const struct {
	const char *referrer, *at_rest;
} rows[] = {
	{APP, NULL},
	{APP "?id=5", NULL},
	{APP "https%3A%2F%2Fx.de%2F%3Fid%3D5", NULL},
	{APP "https/x.de/?email=a@x.de", APP "https/x.de/"},
	{APP "?first_name=Jane Doe&tel=0151", APP},
	{APP "?first_name=Jane Doe&id=5", APP "?id=5"},
	{APP "https%3A%2F%2Fx.de%2F%3Ffirst_name%3DJane", APP "https%3A%2F%2Fx.de%2F"},
	{APP "x.de%2F%3Fa%40x.de/b?id=5", APP "x.de%2F"},
	{APP "u/a@x.de", APP "u/redacted"},
	{"ios-app://jane@1/", "ios-app://1/"},
	{"ios-app://1/a#email=jane", "ios-app://1/a"},
};

static void keeps_what_tells_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str in = write_payload(rows[i].referrer);
		enum redaction got = redact_payload(in, "DE", &scratch, &digest, &out);

		assert_int_equal(got, rows[i].at_rest ? REDACT_DONE : REDACT_NOTHING);
		if (got == REDACT_NOTHING)
			continue;
		if (!str_eq(buf_str(&out), write_payload(rows[i].at_rest)))
			fail_msg("%s: %s", rows[i].referrer, buf_z(&out));
		/* Twice is once. */
		assert_int_equal(
			redact_payload(buf_str(&payload), "DE", &scratch, &digest, &out),
			REDACT_NOTHING);
	}
}

static void sends_the_same_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		const char *referrer = rows[i / 2].referrer, *rest = rows[i / 2].at_rest;
		bool pii = i % 2;

		make_event(write_payload(referrer), pii, &other);
		make_event(write_payload(rest ? rest : referrer), pii, &out);
		if (!str_eq(buf_str(&other), buf_str(&out)))
			fail_msg("%s:\n%s\n%s", referrer, buf_z(&other), buf_z(&out));
	}
}

/* Elsewhere than in a referrer. */
static void takes_them_anywhere(void **state)
{
	struct str in = STR("{\"properties\":{\"from\":\"" APP
			    "?name=Jane Doe&id=5\",\"description\":\"" APP "a@x.de\"}}");

	(void)state;
	assert_int_equal(redact_payload(in, "DE", &scratch, &digest, &out), REDACT_DONE);
	assert_string_equal(buf_z(&out), "{\"properties\":{\"from\":\"" APP
					 "?id=5\",\"description\":\"" APP "redacted\"}}");
	assert_true(redact_column(FIELD_REFERRER, STR(APP "x?email=b@x.de"), "DE",
				  &scratch, &digest, &out));
	assert_string_equal(buf_z(&out), APP "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_tells_nobody),
		cmocka_unit_test(sends_the_same_again),
		cmocka_unit_test(takes_them_anywhere),
	};

	return cmocka_run_group_tests(tests, shaping_set_up, shaping_tear_down);
}
