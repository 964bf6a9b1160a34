/* SPDX-License-Identifier: MIT
 *
 * Which words under a member of user are somebody's or some place's, seen on the event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/redact.h"
#include "core/shape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const members[] = {"first_name", "last_name", "city", "state",
				      "zip_code"};

/* For each member in turn: + it is sent, - it is not. */
static const struct {
	const char *text, *sent;
} rows[] = {
	{"undefined", "-----"},
	{"Undefined", "-----"},
	{" null ", "-----"},
	{"NaN", "-----"},
	{"N/A", "-----"},
	{"(not set)", "-----"},
	{"(none)", "-----"},
	{"(null)", "-----"},
	{"not provided", "-----"},
	{"[object Object]", "-----"},
	{"{{user.city}}", "-----"},
	{"%CITY%", "-----"},
	{"unknown", "-----"},
	{"-", "-----"},
	{"?", "-----"},
	{".", "-----"},
	{"0", "-----"},
	{"-1", "-----"},
	{"00000", "-----"},
	/* Jennifer Null, None in Piedmont; nowhere a state or a zip code */
	{"Null", "+++--"},
	{"NULL", "+++--"},
	{"None", "+++--"},
	{"Guest", "+++--"},
	{"Test", "+++--"},
	/* Nan in Thailand, Naples */
	{"Nan", "++++-"},
	{"NA", "++++-"},
	{"Na", "++++-"},
	/* nothing of it */
	{"Jane", "+++++"},
	{"Nulls", "+++++"},
	{"Unknownville", "+++++"},
	{"N", "+++++"},
	{"00501", "+++++"},
};

static struct scratch scratch;
static struct digest digest;
static struct buf out, payload, redacted;

static int set_up(void **state)
{
	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&out, 1 << 20);
	buf_init(&payload, 1 << 20);
	buf_init(&redacted, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&redacted);
	buf_fini(&payload);
	buf_fini(&out);
	digest_fini(&digest);
	scratch_fini(&scratch);
	return 0;
}

static void write_payload(const char *member, const char *text)
{
	buf_clear(&payload);
	buf_addf(&payload,
		 "{\"page\":{\"url\":\"https://x.de/\"},\"user\":{\"%s\":\"%s\"}}",
		 member, text);
}

/* Whether the event of the payload has a user. */
static bool is_sent(struct str text)
{
	static const struct destination_rules d = {.source = SOURCE_WEB,
						   .pii_hashed = true};
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	const struct decision dec = {.event = &entry,
				     .event_time = 1700000000,
				     .limited_data_use = -1,
				     .pii = true};
	struct outbox_row row = {.event = STR("purchase"), .payload = text};
	struct conversion c;

	buf_clear(&out);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	assert_int_equal(shape(&c, &dec, &d, NULL, STR("id"), &digest, &scratch, &out),
			 REASON_NONE);
	return strstr(buf_z(&out), "\"user\"") != NULL;
}

static void tells_names_from_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(members); i++) {
		const char *text = rows[i / COUNT(members)].text;
		const char *member = members[i % COUNT(members)];
		bool sent = rows[i / COUNT(members)].sent[i % COUNT(members)] == '+';

		write_payload(member, text);
		if (is_sent(buf_str(&payload)) != sent)
			fail_msg("%s %s: %s", member, text, buf_z(&out));
	}
}

/* A retry of a redacted row sends no more than the row did. The hash of a word for nobody is no name's,
 * under a city and a state neither, of which nothing is sent. */
static void tells_them_once_redacted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(members); i++) {
		const char *text = rows[i / COUNT(members)].text;
		const char *member = members[i % COUNT(members)];
		bool named = rows[i / COUNT(members)].sent[i % COUNT(members)] == '+';
		bool place = strcmp(member, "city") == 0 || strcmp(member, "state") == 0;

		write_payload(member, text);
		assert_int_equal(redact_payload(buf_str(&payload), "DE", &scratch,
						&digest, &redacted),
				 REDACT_DONE);
		if ((strstr(buf_z(&redacted), "sha256") == NULL) != named)
			fail_msg("%s %s: %s", member, text, buf_z(&redacted));
		if (is_sent(buf_str(&redacted)) != (named && !place))
			fail_msg("%s %s: %s", member, text, buf_z(&out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_names_from_words),
		cmocka_unit_test(tells_them_once_redacted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
