/* SPDX-License-Identifier: MIT
 *
 * What shops write for "there is none", and lists with gaps: neither costs the conversion. */
#include "shaping.h"

/* The member `name` of a payload, and what of it goes out; NULL: bad_value. */
static void expect(enum event_source source, const char *name, const char *in,
		   const char *want)
{
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	const struct destination_rules d = {.source = source,
					    .pii_hashed = true,
					    .default_url = "https://s.example/"};
	const struct decision dec = {.event = &entry,
				     .event_time = 1700000000,
				     .limited_data_use = -1,
				     .pii = true};
	struct outbox_row row = {.event = STR("purchase")};
	struct conversion c;
	enum reason reason;

	buf_clear(&payload);
	buf_clear(&out);
	buf_clear(&other);
	buf_addf(&payload, "{\"%s\":%s}", name, in);
	row.payload = buf_str(&payload);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	reason = shape(&c, &dec, &d, NULL, STR("id"), &digest, &scratch, &out);
	if (!want) {
		if (reason != REASON_BAD_VALUE)
			fail_msg("%s", in);
		return;
	}
	if (reason != REASON_NONE)
		fail_msg("%s", in);
	buf_addf(&other,
		 "{\"event\":\"Purchase\",\"event_time\":1700000000,\"event_id\":\"id\"");
	if (*want)
		buf_addf(&other, ",\"%s\":%s", name, want);
	if (source == SOURCE_WEB)
		buf_addf(&other, ",\"page\":{\"url\":\"https://s.example/\"}");
	buf_addf(&other, "}");
	assert_string_equal(buf_z(&out), buf_z(&other));
}

struct row {
	const char *in, *want;
};

static void leaves_out_numbers_that_are_none(void **state)
{
	static const struct row rows[] = {
		{"{\"num_items\":false}", ""},
		{"{\"value\":false,\"currency\":\"EUR\"}", "{\"currency\":\"EUR\"}"},
		{"{\"contents\":[{\"content_id\":\"a\",\"price\":false,\"quantity\":"
		 "false}]}",
		 "{\"contents\":[{\"content_id\":\"a\"}]}"},
		{"{\"num_items\":true}", NULL},
		{"{\"contents\":[{\"price\":true}]}", NULL},
		/* 1.5 kg */
		{"{\"num_items\":2.5}", ""},
		{"{\"contents\":[{\"content_id\":\"a\",\"quantity\":1.5}]}",
		 "{\"contents\":[{\"content_id\":\"a\"}]}"},
		{"{\"contents\":[{\"content_id\":\"a\",\"quantity\":\" 0.250 \"}]}",
		 "{\"contents\":[{\"content_id\":\"a\"}]}"},
		{"{\"contents\":[{\"content_id\":\"a\",\"quantity\":15e-1}]}",
		 "{\"contents\":[{\"content_id\":\"a\"}]}"},
		{"{\"contents\":[{\"quantity\":2.0}]}",
		 "{\"contents\":[{\"quantity\":2}]}"},
		{"{\"contents\":[{\"quantity\":-1.5}]}", NULL},
		{"{\"contents\":[{\"quantity\":\"1,5\"}]}", NULL},
		{"{\"contents\":[{\"quantity\":1e19}]}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(SOURCE_OFFLINE, "properties", rows[i].in, rows[i].want);
}

static void sends_no_word_as_a_user_agent(void **state)
{
	static const char *const words[] = {
		"\"undefined\"", "\"null\"",   "\"unknown\"", "\"{{user_agent}}\"",
		"\" - \"",       "\"__UA__\"", "\"0\"",       "0"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		char user[80];

		snprintf(user, sizeof(user), "{\"user_agent\":%s}", words[i]);
		expect(SOURCE_WEB, "user", user, "");
	}
	expect(SOURCE_WEB, "user", "{\"user_agent\":\"curl/8.5.0\"}",
	       "{\"user_agent\":\"curl/8.5.0\"}");
}

#define JANE "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"
#define DOE "e6e6e886a6aa1837cf6fab60c652a09e9fd64215cab1bee9e6a2be39c0fbbc39"

/* json_encode(array_filter($items)) */
static void reads_lists_with_gaps(void **state)
{
	static const struct row rows[] = {
		{"{\"contents\":{\"1\":{\"content_id\":\"A\",\"quantity\":1},\"3\":{"
		 "\"content_id\":\"B\"}}}",
		 "{\"contents\":[{\"content_id\":\"A\",\"quantity\":1},{\"content_id\":"
		 "\"B\"}]}"},
		{"{\"contents\":\"{\\\"2\\\":{\\\"sku\\\":7}}\"}",
		 "{\"contents\":[{\"content_id\":\"7\"}]}"},
		{"{\"contents\":{\"2\":{\"price\":\"x\"}}}", NULL},
		{"{\"contents\":{\"1\":{\"content_id\":\"A\"},\"content_id\":\"B\"}}",
		 "{\"contents\":[{\"content_id\":\"B\"}]}"},
		{"{\"contents\":{}}", ""},
		{"{\"content_ids\":{\"1\":\"A\",\"3\":7,\"4\":\"A\"}}",
		 "{\"content_ids\":[\"A\",\"7\"]}"},
		{"{\"content_ids\":\"{\\\"1\\\":\\\"A\\\"}\"}",
		 "{\"content_ids\":[\"A\"]}"},
		{"{\"content_ids\":{\"1\":\"A\",\"x\":\"B\"}}", ""},
		{"{\"content_ids\":{}}", ""},
		/* A cart: how many of each product, and what it costs. */
		{"{\"content_ids\":{\"1001\":\"A\"}}", ""},
		{"{\"content_ids\":{\"12\":2,\"13\":1}}", ""},
		{"{\"content_ids\":{\"2\":\"A\",\"1\":\"B\"}}", ""},
		{"{\"contents\":{\"1001\":{\"price\":3}}}", ""},
	};
	static const struct row users[] = {
		{"{\"email\":{\"1\":\"jane@example.com\"}}", "{\"email\":\"" JANE "\"}"},
		{"{\"email\":{\"0\":\"jane@example.com\",\"2\":\"j.doe@example.org\"}}",
		 "{\"email\":[\"" JANE "\",\"" DOE "\"]}"},
		{"{\"email\":{\"work\":\"jane@example.com\"}}", ""},
		{"{\"email\":{}}", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(SOURCE_OFFLINE, "properties", rows[i].in, rows[i].want);
	for (size_t i = 0; i < COUNT(users); i++)
		expect(SOURCE_WEB, "user", users[i].in, users[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_out_numbers_that_are_none),
		cmocka_unit_test(sends_no_word_as_a_user_agent),
		cmocka_unit_test(reads_lists_with_gaps),
	};

	return cmocka_run_group_tests(tests, shaping_set_up, shaping_tear_down);
}
