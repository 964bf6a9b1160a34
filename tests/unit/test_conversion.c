/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/event_id.h"

/* For tables: STR is no constant expression. */
#define S(literal)                                                                       \
	{                                                                                \
		"" literal, sizeof(literal) - 1                                          \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct scratch scratch;
static struct digest digest;

static int set_up(void **state)
{
	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	digest_fini(&digest);
	scratch_fini(&scratch);
	return 0;
}

static void refuses_what_it_cannot_read(void **state)
{
	static const struct {
		struct str event, payload;
		enum reason reason;
	} rows[] = {
		{S("purchase"), S(""), REASON_BAD_JSON},
		{S("purchase"), S("{}"), REASON_NONE},
		{S("Order Completed"), S("{\"user\":null}"), REASON_NONE},
		{S("Käufe"), S("{\"user\":[1]}"), REASON_NONE},
		{S(""), S("{}"), REASON_BAD_EVENT_NAME},
		{S(" \t\n"), S("{}"), REASON_BAD_EVENT_NAME},
		{S("a\nb"), S("{}"), REASON_BAD_EVENT_NAME},
		{S("a\0b"), S("{}"), REASON_BAD_EVENT_NAME},
		{S("a\xff"), S("{}"), REASON_BAD_EVENT_NAME},
		{S("purchase"), S("[]"), REASON_BAD_JSON},
		{S("purchase"), S("null"), REASON_BAD_JSON},
		{S("purchase"), S("{\"a\":\"\0\"}"), REASON_BAD_JSON},
		{S("purchase"), S("{\"a\":\"\xff\"}"), REASON_BAD_JSON},
		{S("purchase"), S("{} {}"), REASON_BAD_JSON},
		{S("purchase"), S(" "), REASON_BAD_JSON},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outbox_row row = {.event = rows[i].event,
					 .payload = rows[i].payload};
		struct conversion c;

		if (conversion_read(&c, &row, &scratch) != rows[i].reason)
			fail_msg("row %zu", i);
	}
}

static void bounds_its_input(void **state)
{
	char *bytes = malloc(PAYLOAD_MAX + 1);
	struct outbox_row row = {.event = STR("e")};
	struct conversion c;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, ' ', PAYLOAD_MAX + 1);
	memcpy(bytes, "{}", 2);
	row.payload = str_make(bytes, PAYLOAD_MAX);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	row.payload.len++;
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_PAYLOAD_TOO_LARGE);
	row.payload = STR("{}");
	memset(bytes, 'x', EVENT_ID_MAX + 1);
	row.event = str_make(bytes, EVENT_NAME_MAX);
	row.event_id = str_make(bytes, EVENT_ID_MAX);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	row.event_id.len++;
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_PAYLOAD_TOO_LARGE);
	row.event_id.len--;
	row.event.len++;
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_BAD_EVENT_NAME);
	row.event = STR("e");
	row.event_id = STR("a\0b");
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_BAD_JSON);
	row.event_id = STR("a\xff");
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_BAD_JSON);
	free(bytes);
}

static struct str id_of(struct conversion *c, const struct outbox_row *row)
{
	struct str id;

	assert_int_equal(conversion_read(c, row, &scratch), REASON_NONE);
	event_id_of(c, &digest, &scratch, &id);
	return id;
}

static void keeps_the_producers_id(void **state)
{
	static const struct {
		struct str event_id, payload, want;
	} rows[] = {
		{S("A-1"), S("{\"transaction_id\":\"T\"}"), S("A-1")},
		{S(" A 1 "), S("{}"), S(" A 1 ")},
		{S(""), S("{\"transaction_id\":\"T\"}"), S("T")},
		{S("  "), S("{\"transaction_id\":\"T\"}"), S("T")},
		/* of blanks: derived */
		{S(" "), S("{\"transaction_id\":\"  \"}"), S("g1_")},
		{S(""), S("{\"transaction_id\":7001}"), S("7001")},
		{S(""), S("{\"transaction_id\":\"a\\u00e9\\/\"}"), S("a\xc3\xa9/")},
		{S(""), S("{\"transaction_id\":\"x\",\"transaction_id\":\"y\"}"), S("y")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outbox_row row = {.event_id = rows[i].event_id,
					 .event = STR("e"),
					 .payload = rows[i].payload};
		struct conversion c;
		struct str id = id_of(&c, &row);

		if (rows[i].want.len == 3 && id.len > 3)
			id.len = 3;
		if (!str_eq(id, rows[i].want))
			fail_msg("row %zu", i);
	}
}

/* `want` recomputed with sha256sum over the content in the comment. */
static void derives_ids(void **state)
{
	static const struct {
		const char *event, *payload, *want;
		struct event_time time;
	} rows[] = {
		/* {"event":"purchase","order_id":"A1"} */
		{"purchase",
		 "{\"properties\":{\"order_id\":\"A1\",\"value\":1}}",
		 "g1_d7a5527b32e222df8d2a1b41bcb0f3b0",
		 {.kind = EVENT_TIME_NONE}},
		/* {"event":"lead","payload":{U+4E00:1,U+1F600:3,U+FFFD:2}}: UTF-16's order */
		{"lead",
		 "{\"\xef\xbf\xbd\":2,\"\xf0\x9f\x98\x80\":3,\"\xe4\xb8\x80\":1}",
		 "g1_9a61b27b0caf8e6f06c7bb842e34573d",
		 {.kind = EVENT_TIME_NONE}},
		/* {"event":"lead","payload":{}} */
		{"lead",
		 "{}",
		 "g1_cfe9706063009b0e9d72c69de49995b1",
		 {.kind = EVENT_TIME_NONE}},
		/* {"event":"lead","event_time":1700000000,"payload":{"a":29.99}} */
		{"lead",
		 "{\"a\":2.999e1}",
		 "g1_f61a8d2271402fce2f0b4b470c51e147",
		 {.kind = EVENT_TIME_INTEGER, .integer = 1700000000}},
		/* {"event":"lead","event_time":"2023-11-14T22:13:20","payload":{}} */
		{"lead",
		 "{}",
		 "g1_670e61e79c3b30c419d70ea38722eaa4",
		 {.kind = EVENT_TIME_TEXT, .text = S("2023-11-14T22:13:20")}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outbox_row row = {.event = str_of(rows[i].event),
					 .event_time = rows[i].time,
					 .payload = str_of(rows[i].payload)};
		struct conversion c;
		struct str id = id_of(&c, &row);

		if (!str_eq(id, str_of(rows[i].want)))
			fail_msg("row %zu: %.*s", i, STR_ARG(id));
	}
}

/* One conversion in two spellings, or two conversions. */
static void derives_the_same_id_for_the_same_content(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"{\"a\":1,\"b\":[2,{}]}", " { \"b\" : [ 2 , { } ] , \"a\" : 1 } ", true},
		{"{\"a\":29.99}", "{\"a\":29.990}", true},
		{"{\"a\":29.99}", "{\"a\":2.999e1}", true},
		{"{\"a\":29.99}", "{\"a\":29.98}", false},
		{"{\"a\":29.99}", "{\"a\":\"29.99\"}", false},
		{"{\"a\":9007199254740993}", "{\"a\":9007199254740992}", false},
		{"{\"a\":9007199254740993}", "{\"a\":9007199254740993.0}", true},
		{"{\"a\":\"\\u00e9\\/\"}", "{\"a\":\"\xc3\xa9/\"}", true},
		{"{\"\\u0061\":1}", "{\"a\":1}", true},
		{"{\"a\":0,\"a\":1}", "{\"a\":1}", true},
		{"{\"\\u0061\":0,\"a\":1}", "{\"a\":1}", true},
		{"{\"a\":1,\"\xef\xbf\xbd\":2,\"\xf0\x9f\x98\x80\":3}",
		 "{\"\xf0\x9f\x98\x80\":3,\"\xef\xbf\xbd\":2,\"a\":1}", true},
		{"{\"consent\":{\"ad_user_data\":\"GRANTED\"}}", "{}", true},
		{"{\"consent\":null,\"session_id\":\"s\"}", "{}", true},
		{"{\"user\":{\"ip\":\"192.0.2.1\",\"user_agent\":\"x\"}}", "{}", true},
		{"{\"user\":{\"email\":\"a@b.c\",\"ip\":\"1\"}}",
		 "{\"user\":{\"email\":\"a@b.c\"}}", true},
		{"{\"user\":{\"email\":\"a@b.c\"}}", "{}", false},
		{"{\"a\":{\"ip\":\"192.0.2.1\"}}", "{\"a\":{}}", false},
		{"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
		{"{\"a\":null}", "{}", false},
		{"{\"properties\":{\"order_id\":\"1\",\"value\":2}}",
		 "{\"properties\":{\"order_id\":1,\"value\":3}}", true},
		{"{\"properties\":{\"order_id\":\"1\"}}",
		 "{\"properties\":{\"order_id\":\"2\"}}", false},
		{"{\"properties\":{\"order_id\":\"{6F9619FF-8B86}\",\"value\":2}}",
		 "{\"properties\":{\"order_id\":\"{6F9619FF-8B86}\",\"value\":3}}", true},
		{"{\"properties\":{\"order_id\":\"undefined\",\"value\":2}}",
		 "{\"properties\":{\"order_id\":\"undefined\",\"value\":3}}", false},
		{"{\"properties\":{\"order_id\":0,\"value\":2}}",
		 "{\"properties\":{\"order_id\":0,\"value\":3}}", false},
		{"{\"properties\":{\"order_id\":\" #1 \",\"value\":2}}",
		 "{\"properties\":{\"order_id\":\"#1\",\"value\":3}}", true},
		{"{\"conversion_date_time\":1700000000}",
		 "{\"conversion_date_time\":\"2023-11-14T22:13:20Z\"}", true},
		{"{\"conversion_date_time\":1700000000}",
		 "{\"conversion_date_time\":1700000001}", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outbox_row a = {
			.created_ms = 1, .event = STR("e"), .payload = str_of(rows[i].a)};
		struct outbox_row b = {.created_ms = 2,
				       .event = STR(" e "),
				       .payload = str_of(rows[i].b)};
		struct conversion c;
		char first[EVENT_ID_DERIVED_LEN];

		memcpy(first, id_of(&c, &a).p, sizeof(first));
		if (str_eq(str_make(first, sizeof(first)), id_of(&c, &b)) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void hashes_as_sha256(void **state)
{
	char hex[DIGEST_HEX_LEN];

	(void)state;
	for (int i = 0; i < 2; i++) {
		digest_hex(&digest, STR("alice_abc@gmail.com"), hex);
		assert_memory_equal(hex,
				    "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517b"
				    "aabd79d3bb4f",
				    sizeof(hex));
	}
	digest_hex(&digest, STR_NONE, hex);
	assert_memory_equal(hex, "e3b0c442", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_it_cannot_read),
		cmocka_unit_test(bounds_its_input),
		cmocka_unit_test(keeps_the_producers_id),
		cmocka_unit_test(derives_ids),
		cmocka_unit_test(derives_the_same_id_for_the_same_content),
		cmocka_unit_test(hashes_as_sha256),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
