/* SPDX-License-Identifier: MIT
 *
 * Which words under a member of user are somebody's or some place's, seen on the event. */
#include "event.h"

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

static void write_payload(const char *member, const char *text)
{
	buf_clear(&payload);
	buf_addf(&payload,
		 "{\"page\":{\"url\":\"https://x.de/\"},\"user\":{\"%s\":\"%s\"}}",
		 member, text);
}

static bool is_sent(struct str text)
{
	event_make(text, true, &out);
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
						&digest, &other),
				 REDACT_DONE);
		if ((strstr(buf_z(&other), "sha256") == NULL) != named)
			fail_msg("%s %s: %s", member, text, buf_z(&other));
		if (is_sent(buf_str(&other)) != (named && !place))
			fail_msg("%s %s: %s", member, text, buf_z(&out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_names_from_words),
		cmocka_unit_test(tells_them_once_redacted),
	};

	return cmocka_run_group_tests(tests, shaping_set_up, shaping_tear_down);
}
