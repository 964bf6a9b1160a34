/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/shape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ALICE "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"
#define PHONE "9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd"
#define USER_123 "80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b"
#define JANE "81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2"
#define ZIP "5c850751d57c5d887fe7807d3da801efe7e8faa1f105ea36cdcd913dd32a41c7"
#define NOTHING "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
#define HEAD "{\"event\":\"Purchase\",\"event_time\":1700000000,\"event_id\":\"id-1\","

static struct scratch scratch;
static struct digest digest;
static struct buf out;

static int set_up(void **state)
{
	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&out, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&out);
	digest_fini(&digest);
	scratch_fini(&scratch);
	return 0;
}

static enum reason run(const char *payload, const struct destination_rules *d,
		       const struct enrichment *e, bool pii)
{
	static const struct event_map_entry entry = {
		.tiktok_event = {"Purchase", 8},
	};
	struct outbox_row row = {.event = STR("purchase"), .payload = str_of(payload)};
	struct decision dec = {.event = &entry,
			       .event_time = 1700000000,
			       .limited_data_use = -1,
			       .pii = pii};
	struct conversion c;

	buf_clear(&out);
	buf_addc(&out, ',');
	if (conversion_read(&c, &row, &scratch) != REASON_NONE)
		fail_msg("%s", payload);
	return shape(&c, &dec, d, e, STR("id-1"), &digest, &scratch, &out);
}

/* The item must be HEAD and `want`, to the letter. */
static void expect(size_t row, enum reason got, enum reason reason, const char *want)
{
	char whole[8192];

	snprintf(whole, sizeof(whole), ",%s%s", want ? HEAD : "", want ? want : "");
	if (got != reason)
		fail_msg("row %zu: %s", row, reason_word(got));
	if (strcmp(buf_z(&out), whole) != 0)
		fail_msg("row %zu:\n%s\n%s", row, buf_z(&out), whole);
}

static void shapes_each_source(void **state)
{
	static const char all[] =
		"{\"session_id\":\"s\",\"consent\":{\"ad_user_data\":\"GRANTED\"},"
		"\"user\":{\"email\":\" Alice_ABC@gmail.com \",\"phone\":\"+1 (213) "
		"373-4253\","
		"\"external_id\":\"user_123\",\"ttclid\":\"E.C.P.x\",\"ttp\":\"tp\","
		"\"ip\":\"203.0.113.9\",\"user_agent\":\"UA\\/5 "
		"\\\"x\\\"\",\"locale\":\"en_us\","
		"\"first_name\":\"Jane\",\"zip_code\":\"M5V 3L9\",\"city\":\"San Jose\","
		"\"idfa\":\"ea7583cd-a667-48bc-b806-42ecb2b48606\",\"idfv\":\"V\","
		"\"gaid\":\"AAAAAA-2222-1111-8787-809E92233BA0\",\"att_status\":"
		"\"AUTHORIZED\"},"
		"\"page\":{\"url\":\"https:\\/\\/shop.example\\/"
		"a\",\"referrer\":\"https://r.example/\"},"
		"\"app\":{\"app_id\":123,\"app_name\":\"N\",\"x\":1},"
		"\"ad\":{\"campaign_id\":7,\"callback\":\"cb\",\"attributed\":true,"
		"\"is_retargeting\":\"False\",\"attribution_share\":0.5},"
		"\"lead\":{\"lead_id\":1234567890123456789,\"lead_event_source\":\"crm\"}"
		","
		"\"properties\":{\"value\":29.90,\"currency\":\"eur\",\"order_id\":1001},"
		"\"unknown\":1}";
	static const char properties[] = "\"properties\":{\"value\":29.90,\"currency\":"
					 "\"EUR\",\"order_id\":\"1001\"}";
	char want[4][2048];
	size_t row = 0;

	(void)state;
	snprintf(want[0], sizeof(want[0]),
		 "\"user\":{\"email\":\"%s\",\"phone\":\"%s\",\"external_id\":\"%s\","
		 "\"first_name\":\"%s\",\"zip_code\":\"%s\",\"city\":\"sanjose\","
		 "\"ttclid\":\"E.C.P.x\",\"ttp\":\"tp\",\"ip\":\"203.0.113.9\","
		 "\"user_agent\":\"UA\\/5 \\\"x\\\"\",\"locale\":\"en-US\"},"
		 "\"page\":{\"url\":\"https://shop.example/a\","
		 "\"referrer\":\"https://r.example/\"},%s,"
		 "\"ad\":{\"campaign_id\":\"7\",\"attribution_share\":0.5}}",
		 ALICE, PHONE, USER_123, JANE, ZIP, properties);
	snprintf(want[1], sizeof(want[1]),
		 "\"user\":{\"email\":\"%s\",\"phone\":\"%s\","
		 "\"idfa\":\"EA7583CD-A667-48BC-B806-42ECB2B48606\",\"idfv\":\"V\","
		 "\"gaid\":\"aaaaaa-2222-1111-8787-809e92233ba0\","
		 "\"ip\":\"203.0.113.9\",\"user_agent\":\"UA\\/5 \\\"x\\\"\","
		 "\"locale\":\"en-US\",\"att_status\":\"AUTHORIZED\"},"
		 "\"app\":{\"app_id\":\"123\",\"app_name\":\"N\"},%s,"
		 "\"ad\":{\"campaign_id\":\"7\",\"callback\":\"cb\","
		 "\"is_retargeting\":false,\"attributed\":true,"
		 "\"attribution_share\":0.5}}",
		 ALICE, PHONE, properties);
	snprintf(want[2], sizeof(want[2]),
		 "\"user\":{\"email\":\"%s\",\"phone\":\"%s\"},%s}", ALICE, PHONE,
		 properties);
	snprintf(want[3], sizeof(want[3]),
		 "\"user\":{\"email\":\"%s\",\"phone\":\"%s\",\"external_id\":\"%s\"},"
		 "\"lead\":{\"lead_id\":\"1234567890123456789\","
		 "\"lead_event_source\":\"crm\"},%s}",
		 ALICE, PHONE, USER_123, properties);
	for (enum event_source s = SOURCE_WEB; s <= SOURCE_CRM; s++, row++) {
		struct destination_rules d = {.source = s, .pii_hashed = true};

		expect(row, run(all, &d, NULL, true), REASON_NONE, want[row]);
	}
}

static const struct {
	const char *in, *want; /* NULL: bad_value */
} properties[] = {
	{"{}", ""},
	{"{\"value\":0,\"currency\":\"USD\"}", "{\"value\":0,\"currency\":\"USD\"}"},
	{"{\"value\":29.990,\"currency\":\" usd \"}",
	 "{\"value\":29.990,\"currency\":\"USD\"}"},
	{"{\"currency\":\"USD\",\"value\":\" 29.99 \"}",
	 "{\"currency\":\"USD\",\"value\":29.99}"},
	{"{\"value\":\"\",\"currency\":\"USD\"}", "{\"currency\":\"USD\"}"},
	{"{\"value\":null}", ""},
	{"{\"value\":1,\"value\":null}", ""},
	{"{\"value\":1,\"value\":2,\"currency\":\"USD\"}",
	 "{\"value\":2,\"currency\":\"USD\"}"},
	{"{\"val\\u0075e\":3,\"currency\":\"USD\"}",
	 "{\"value\":3,\"currency\":\"USD\"}"},
	{"{\"value\":\"1,234.50\",\"currency\":\"USD\"}", NULL},
	{"{\"value\":\"NaN\",\"currency\":\"USD\"}", NULL},
	{"{\"value\":\"Infinity\",\"currency\":\"USD\"}", NULL},
	{"{\"value\":1e999,\"currency\":\"USD\"}", NULL},
	{"{\"value\":\"1e999\",\"currency\":\"USD\"}", NULL},
	{"{\"value\":-1,\"currency\":\"USD\"}", NULL},
	{"{\"value\":true,\"currency\":\"USD\"}", NULL},
	{"{\"value\":[1],\"currency\":\"USD\"}", NULL},
	{"{\"value\":\"$5\",\"currency\":\"USD\"}", NULL},
	{"{\"value\":1,\"currency\":\"US\"}", NULL},
	{"{\"value\":1,\"currency\":\"U5D\"}", NULL},
	{"{\"order_id\":\"a\\u00e9\\\"\",\"shop_id\":12.50}",
	 "{\"order_id\":\"a\\u00e9\\\"\",\"shop_id\":\"12.50\"}"},
	{"{\"order_id\":{},\"shop_id\":\" \",\"description\":\"\\t\\n\"}", ""},
	{"{\"description\":7,\"search_string\":1e2,\"content_type\":"
	 "\"product\"}",
	 "{\"description\":\"7\",\"search_string\":\"1e2\",\"content_type\":"
	 "\"product\"}"},
	{"{\"description\":true,\"search_string\":[\"x\"],\"content_type\":{}}", ""},
	{"{\"contents\":[{\"content_name\":1984,\"brand\":4711}]}",
	 "{\"contents\":[{\"content_name\":\"1984\",\"brand\":\"4711\"}]}"},
	{"{\"customer_type\":\"new\"}", ""},
	{"{\"num_items\":\"3\"}", "{\"num_items\":3}"},
	{"{\"num_items\":2.0}", "{\"num_items\":2}"},
	{"{\"num_items\":-2.5}", NULL},
	{"{\"num_items\":0}", "{\"num_items\":0}"},
	{"{\"num_items\":-0}", "{\"num_items\":0}"},
	{"{\"num_items\":1e2}", "{\"num_items\":100}"},
	{"{\"num_items\":123456789012345678}", "{\"num_items\":123456789012345678}"},
	{"{\"num_items\":1234567890123456789}", NULL},
	{"{\"value\":1e999,\"currency\":\"USD\"}", NULL},
	{"{\"content_ids\":[\"a\",1,\"\",\"a\",null,\"1\",{},\"b\"]}",
	 "{\"content_ids\":[\"a\",\"1\",\"b\"]}"},
	{"{\"content_ids\":55}", "{\"content_ids\":[\"55\"]}"},
	{"{\"content_ids\":[\"\"]}", ""},
	{"{\"contents\":{\"content_id\":5,\"price\":\"9.90\",\"quantity\":\"2\"}"
	 "}",
	 "{\"contents\":[{\"content_id\":\"5\",\"price\":9.90,\"quantity\":2}]}"},
	{"{\"contents\":[{\"content_id\":\"a\",\"price\":1.10,\"content_name\":"
	 "\"n\","
	 "\"content_category\":\"c\",\"brand\":\"b\",\"x\":1},{},7,{\"quantity\":"
	 "1}]}",
	 "{\"contents\":[{\"content_id\":\"a\",\"content_name\":\"n\","
	 "\"content_category\":\"c\",\"brand\":\"b\",\"price\":1.10},{"
	 "\"quantity\":1}]}"},
	{"{\"contents\":[{}]}", ""},
	{"{\"contents\":[{\"price\":\"x\"}]}", NULL},
	{"{\"contents\":[{\"quantity\":-5}]}", NULL},
	{"{\"coupon\":\"X\",\"n\":1.50,\"t\":true,\"o\":{\"a\": [1]}}",
	 "{\"coupon\":\"X\",\"n\":1.50,\"t\":true,\"o\":{\"a\":[1]}}"},
	{"{\"a\":\"\",\"b\":null,\"c\":{},\"d\":[],\"e\":[[],{\"x\":[null]}],"
	 "\"f\":0}",
	 "{\"f\":0}"},
	{"{\"a\":{\"b\":[1,\"\",{\"c\":null,\"d\":\"x\"}],\"e\":\"\"}}",
	 "{\"a\":{\"b\":[1,{\"d\":\"x\"}]}}"},
	{"{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}"},
	{"{\"a\":{\"b\":[1e999]}}", NULL},
	{"{\"email\":\"a@b.c\",\"Phone\":\"1\",\"\\u0069p\":\"1\",\"tier\":1}",
	 "{\"tier\":1}"},
	{"{\"customer_email\":\"x\",\"userPhone\":4930901820,\"mobile\":true}",
	 "{\"mobile\":true}"},
	{"{\"note\":\"to a@b.de\",\"call\":\"+49 30 901820\",\"n\":\"a\\u0040b.de\"}",
	 ""},
	{"{\"o\":{\"a\":[\"a@b.de\",{\"email\":\"x\",\"b\":1}],\"c\":\"d\"}}",
	 "{\"o\":{\"a\":[{\"b\":1}],\"c\":\"d\"}}"},
	{"{\"address\":{\"city\":\"x\"},\"customer\":{\"name\":\"Jane\",\"id\":7}}",
	 "{\"customer\":{\"id\":7}}"},
	{"{\"name\":\"Mug\",\"variant\":{\"name\":\"red\"}}",
	 "{\"name\":\"Mug\",\"variant\":{\"name\":\"red\"}}"},
	{"{\"link\":\"https://a.de/?email=a@b.de&x=1\"}",
	 "{\"link\":\"https://a.de/?x=1\"}"},
	{"{\"search_string\":\"a@b.de\",\"description\":\"for a%40b.de\",\"contents\":"
	 "[{\"content_id\":\"1\",\"content_name\":\"a\\u0040b.de\"}]}",
	 "{\"contents\":[{\"content_id\":\"1\"}]}"},
	{"{\"description\":\"call +49 170 1234567 please\",\"order_id\":\"a@b.de-17\","
	 "\"content_ids\":[\"a@b.de\",\"S+1\"],\"contents\":[{\"content_id\":\"a@b.de\","
	 "\"quantity\":1}]}",
	 "{\"content_ids\":[\"S+1\"],\"contents\":[{\"quantity\":1}]}"},
	/* names of people and their devices, and what looks like a hash of one */
	{"{\"o\":{\"a@b.de\":true,\"+4930901820\":1,\"x\":1}}", "{\"o\":{\"x\":1}}"},
	{"{\"external_id\":\"7\",\"_ttp\":\"t\",\"IDFA\":\"A\",\"device_id\":\"d\","
	 "\"remote_addr\":\"1\",\"client_user_agent\":\"M\",\"x-forwarded-for\":\"1\","
	 "\"user_id\":\"8\",\"em\":\"x\",\"fn\":\"Jane\",\"hashed_phone\":\"x\","
	 "\"sha256_email_address\":\"x\",\"note\":\"by " ALICE "\",\"key\":\"" ALICE
	 "\",\"content_type\":\"a@b.de\",\"" ALICE "\":true}",
	 ""},
	/* as they are once redacted */
	{"{\"description\":\"" ALICE "\",\"order_id\":{\"sha256\":\"" ALICE "\"},"
	 "\"content_ids\":[{\"sha256\":\"" ALICE "\"},\"S+1\"],"
	 "\"contents\":[{\"content_id\":{\"sha256\":\"" ALICE "\"},\"quantity\":1}]}",
	 "{\"content_ids\":[\"S+1\"],\"contents\":[{\"quantity\":1}]}"},
};

/* Offline events have properties and nothing else without PII. */
static void shapes_properties(void **state)
{
	static const struct destination_rules d = {.source = SOURCE_OFFLINE};
	char payload[1024], want[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(properties); i++) {
		snprintf(payload, sizeof(payload), "{\"properties\":%s}",
			 properties[i].in);
		if (properties[i].want && properties[i].want[0])
			snprintf(want, sizeof(want), "\"properties\":%s}",
				 properties[i].want);
		else
			want[0] = '\0';
		if (properties[i].want && !properties[i].want[0]) {
			/* Nothing left: the head closes the item. */
			assert_int_equal(run(payload, &d, NULL, true), REASON_NONE);
			buf_addc(&out, '#');
			if (!strstr(buf_z(&out), "\"event_id\":\"id-1\"}#"))
				fail_msg("row %zu: %s", i, buf_z(&out));
			continue;
		}
		expect(i, run(payload, &d, NULL, true),
		       properties[i].want ? REASON_NONE : REASON_BAD_VALUE,
		       properties[i].want ? want : NULL);
	}
}

static void demands_what_the_source_needs(void **state)
{
	static const struct {
		enum event_source source;
		const char *payload;
		enum reason reason;
	} rows[] = {
		{SOURCE_WEB, "{}", REASON_MISSING_PAGE_URL},
		{SOURCE_WEB, "{\"page\":{\"url\":\"\"}}", REASON_MISSING_PAGE_URL},
		{SOURCE_WEB, "{\"page\":{\"url\":\"/cart\"}}", REASON_MISSING_PAGE_URL},
		{SOURCE_WEB, "{\"page\":{\"url\":\"https://j@/x.example/\"}}",
		 REASON_MISSING_PAGE_URL},
		{SOURCE_WEB, "{\"page\":{\"url\":\"javascript:x\"}}",
		 REASON_MISSING_PAGE_URL},
		{SOURCE_APP, "{\"app\":{\"app_id\":\" \"}}", REASON_MISSING_APP_ID},
		{SOURCE_CRM, "{\"user\":{\"lead_id\":\"1\"}}", REASON_MISSING_LEAD_ID},
		{SOURCE_OFFLINE, "{\"properties\":{\"value\":0}}",
		 REASON_MISSING_CURRENCY},
		{SOURCE_OFFLINE, "{\"properties\":{\"value\":1,\"currency\":\"\"}}",
		 REASON_MISSING_CURRENCY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct destination_rules d = {.source = rows[i].source};

		expect(i, run(rows[i].payload, &d, NULL, true), rows[i].reason, NULL);
	}
}

static void sends_pii_only_when_it_may(void **state)
{
	static const char payload[] =
		"{\"user\":{\"email\":\"alice_abc@gmail.com\",\"ttclid\":\"T\",\"ttp\":"
		"\"p\","
		"\"ip\":\"203.0.113.9\",\"user_agent\":\"U\",\"city\":\"x\"},"
		"\"page\":{\"url\":\"https://a.example/\"}}";
	static const struct enrichment e = {
		.emails = {{"bob@example.org", 15}},
		.ttp = {"q", 1},
		.ip = {"203.0.113.8", 11},
	};
	struct destination_rules d = {.source = SOURCE_WEB, .pii_hashed = true};

	(void)state;
	expect(0, run(payload, &d, &e, false), REASON_NONE,
	       "\"user\":{\"ttclid\":\"T\"},\"page\":{\"url\":\"https://a.example/\"}}");
	d.pii_hashed = false;
	expect(1, run(payload, &d, &e, true), REASON_NONE,
	       "\"user\":{\"ttclid\":\"T\"},\"page\":{\"url\":\"https://a.example/\"}}");
}

static void lists_identifiers_once(void **state)
{
	static const struct {
		const char *email, *want;
	} rows[] = {
		{"\"alice_abc@gmail.com\"", "\"" ALICE "\""},
		{"[\"alice_abc@gmail.com\",\" ALICE_abc@gmail.com\"]", "\"" ALICE "\""},
		{"[\"\",null,\"no address\",\"alice_abc@gmail.com\"]", "\"" ALICE "\""},
		{"\"848A771458438FC2EC420560D769FB9B9B86851EE338EC56517BAABD79D3BB4F\"",
		 "\"" ALICE "\""},
		{"[\"alice_abc@gmail.com\",\"" JANE "\"]",
		 "[\"" ALICE "\",\"" JANE "\"]"},
		{"[\"" NOTHING "\",\"alice_abc@gmail.com\"]", "\"" ALICE "\""},
	};
	static const struct destination_rules d = {.source = SOURCE_OFFLINE,
						   .pii_hashed = true};
	char payload[512], want[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(payload, sizeof(payload), "{\"user\":{\"email\":%s}}",
			 rows[i].email);
		snprintf(want, sizeof(want), "\"user\":{\"email\":%s}}", rows[i].want);
		expect(i, run(payload, &d, NULL, true), REASON_NONE, want);
	}
}

static void fills_in_what_is_known(void **state)
{
	static const struct enrichment e = {
		.page_url = {"https://e.example/?ttclid=PAGE", 30},
		.ttclid = {"SESSION", 7},
		.user_agent = {"UA\"", 3},
		.emails = {{JANE, 64}, {"alice_abc@gmail.com", 19}},
		.external_id = {"user_123", 8},
		.has_credit = true,
		.credit = 0.25,
	};
	static const struct destination_rules d = {
		.source = SOURCE_WEB,
		.pii_hashed = true,
		.default_url = "https://d.example/",
	};

	(void)state;
	expect(0, run("{\"user\":{\"email\":\"alice_abc@gmail.com\"}}", &d, &e, true),
	       REASON_NONE,
	       "\"user\":{\"email\":[\"" ALICE "\",\"" JANE
	       "\"],\"external_id\":\"" USER_123
	       "\",\"ttclid\":\"SESSION\",\"user_agent\":\"UA\\\"\"},"
	       "\"page\":{\"url\":\"https://e.example/?ttclid=PAGE\"},"
	       "\"ad\":{\"attribution_share\":0.25}}");
	expect(1,
	       run("{\"page\":{\"url\":\"https://o.example/?ttclid=OWN\"}}", &d, &e,
		   false),
	       REASON_NONE,
	       "\"user\":{\"ttclid\":\"OWN\"},"
	       "\"page\":{\"url\":\"https://o.example/?ttclid=OWN\"},"
	       "\"ad\":{\"attribution_share\":0.25}}");
	expect(2, run("{}", &d, NULL, false), REASON_NONE,
	       "\"page\":{\"url\":\"https://d.example/\"}}");
}

static void never_cuts_a_click_id(void **state)
{
	static const struct destination_rules d = {.source = SOURCE_WEB,
						   .default_url = "https://d.example/"};
	char id[TTCLID_MAX + 2] = {0}, payload[2048];

	(void)state;
	memset(id, 'x', TTCLID_MAX);
	snprintf(payload, sizeof(payload), "{\"user\":{\"ttclid\":\"%s\"}}", id);
	assert_int_equal(run(payload, &d, NULL, false), REASON_NONE);
	assert_non_null(strstr(buf_z(&out), id));
	id[TTCLID_MAX] = 'x';
	snprintf(payload, sizeof(payload), "{\"user\":{\"ttclid\":\"%s\"}}", id);
	assert_int_equal(run(payload, &d, NULL, false), REASON_NONE);
	assert_null(strstr(buf_z(&out), "ttclid"));
	/* Both are unescaped, the first is none. */
	expect(0,
	       run("{\"user\":{\"ttclid\":\"\\u006eull\"},"
		   "\"page\":{\"url\":\"https:\\/\\/d.example\"}}",
		   &d, NULL, false),
	       REASON_NONE, "\"page\":{\"url\":\"https://d.example\"}}");
}

static void leaves_nothing_where_there_is_no_room(void **state)
{
	static const struct destination_rules d = {.source = SOURCE_OFFLINE};
	const struct event_map_entry entry = {.tiktok_event = STR("Purchase")};
	struct decision dec = {.event = &entry, .limited_data_use = -1};
	struct outbox_row row = {.event = STR("e"),
				 .payload = STR("{\"properties\":{\"a\":[1,\"\"]}}")};
	struct conversion c;

	(void)state;
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	for (size_t room = 0; room < 80; room++) {
		struct buf small;

		buf_init(&small, room);
		shape(&c, &dec, &d, NULL, STR("i"), &digest, &scratch, &small);
		assert_int_equal(small.full, small.len == 0);
		buf_fini(&small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_each_source),
		cmocka_unit_test(shapes_properties),
		cmocka_unit_test(demands_what_the_source_needs),
		cmocka_unit_test(sends_pii_only_when_it_may),
		cmocka_unit_test(lists_identifiers_once),
		cmocka_unit_test(fills_in_what_is_known),
		cmocka_unit_test(never_cuts_a_click_id),
		cmocka_unit_test(leaves_nothing_where_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
