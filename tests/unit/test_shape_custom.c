/* SPDX-License-Identifier: MIT
 *
 * What a property of the producer's own does not carry past consent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/shape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEX64 "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"

/* The members of `properties`, and those of them that go out. */
static const struct {
	const char *in, *want;
} rows[] = {
	{"\"x\":1", "\"x\":1"},
	/* An order_id that stands for none would make one order of many. */
	{"\"order_id\":\"undefined\",\"x\":1", "\"x\":1"},
	{"\"order_id\":\" {{order_id}} \",\"x\":1", "\"x\":1"},
	{"\"order_id\":\"\\u004eull\",\"x\":1", "\"x\":1"},
	{"\"order_id\":0,\"x\":1", "\"x\":1"},
	{"\"order_id\":0.0,\"x\":1", "\"x\":1"},
	{"\"order_id\":\"-1\",\"x\":1", "\"x\":1"},
	{"\"order_id\":\"007\"", "\"order_id\":\"007\""},
	{"\"order_id\":\"R-0\"", "\"order_id\":\"R-0\""},
	{"\"\xd1\x86_ua\":450,\"\xd0\xb2_email\":\"x\"", "\"\xd1\x86_ua\":450"},
	{"\"\xef\xbb\xbfuser_id\":\"4711\",\"\xd1\x86_user_id\":\"4712\","
	 "\"userId\xe2\x80\x8b\":5,\"\xef\xbb\xbfua\":\"Mozilla/5.0 (X11)\","
	 "\"x\":1",
	 "\"x\":1"},
	{"\"link\":\"https://x.de/?sig=" HEX64 HEX64 "\",\"path\":\"/a?t=" HEX64 "0\","
	 "\"hash\":\"/b/" HEX64 "\",\"text\":\"call " HEX64 "a\",\"url\":"
	 "\"https://x.de/" HEX64 "/\"",
	 "\"link\":\"https://x.de/?sig=" HEX64 HEX64 "\",\"path\":\"/a?t=" HEX64 "0\""},
	{"\"gps_adid\":\"g\",\"android_id\":\"a\",\"oaid\":\"o\",\"IMEI\":\"i\",\"aaid\":"
	 "\"a\",\"waid\":\"w\",\"x\":1",
	 "\"x\":1"},
	{"\"customer_user_agent\":\"M\",\"browser_user_agent\":\"M\",\"HTTP_USER_AGENT\":"
	 "\"M\",\"deviceUserAgent\":\"M\",\"client_user_agent\":\"M\",\"client_details\":"
	 "{\"browser_ip\":\"198.51.100.1\",\"accept_language\":\"de\"},\"ip_override\":"
	 "\"198.51.100.1\",\"http_client_ip\":\"1\",\"HTTP_X_FORWARDED_FOR\":\"1\",\"tt_"
	 "external_id\":\"7\",\"anonymousId\":\"a\",\"customer_user_id\":\"7\",\"device_"
	 "ip\":\"1\"",
	 "\"client_details\":{\"accept_language\":\"de\"}"},
	{"\"browser\":\"Firefox\",\"device_name\":\"Pixel\",\"browser_name\":\"Firefox\","
	 "\"http_status\":200,\"client\":\"app\",\"device_type\":\"phone\",\"client_"
	 "version\":\"1.2.3.4\"",
	 "\"browser\":\"Firefox\",\"device_name\":\"Pixel\",\"browser_name\":\"Firefox\","
	 "\"http_status\":200,\"client\":\"app\",\"device_type\":\"phone\",\"client_"
	 "version\":\"1.2.3.4\""},
	{"\"shipping_city\":\"Bonn\",\"billing_state\":\"NW\",\"customerCity\":\"Bonn\","
	 "\"billing_country\":\"DE\",\"city\":\"Bonn\",\"account_state\":\"new\"",
	 "\"billing_country\":\"DE\",\"city\":\"Bonn\",\"account_state\":\"new\""},
	{"\"billing\":{\"line1\":\"Main St "
	 "1\",\"city\":\"Bonn\",\"state\":\"NW\",\"method\":"
	 "\"card\"},\"store\":{\"name\":\"S1\",\"city\":\"Bonn\"},\"customer\":{"
	 "\"state\":"
	 "\"new\"}",
	 "\"billing\":{\"method\":\"card\"},\"store\":{\"name\":\"S1\",\"city\":\"Bonn\"}"
	 ","
	 "\"customer\":{\"state\":\"new\"}"},
	{"\"field_data\":[{\"name\":\"full_name\",\"values\":[\"Canaria "
	 "Vogel\"]},{\"values\":[\"0151\"],\"name\":\"phone_number\"},{\"name\":"
	 "\"budget\",\"values\":[\"100\"]}]",
	 "\"field_data\":[{\"name\":\"full_name\"},{\"name\":\"phone_number\"},{\"name\":"
	 "\"budget\",\"values\":[\"100\"]}]"},
	{"\"form\":[{\"id\":\"phone\",\"value\":\"0151\"},{\"title\":\"Phone\","
	 "\"answer\":\"0151\"},{\"question\":\"E-Mail\",\"answer\":[\"x\"]},{\"id\":"
	 "\"q1\",\"label\":\"Your size\",\"title\":\"First "
	 "name\",\"answer\":\"C\"},{\"id\":\"size\",\"answer\":\"XL\"}]",
	 "\"form\":[{\"id\":\"phone\"},{\"title\":\"Phone\"},{\"question\":\"E-Mail\"},{"
	 "\"id\":\"q1\",\"label\":\"Your size\",\"title\":\"First "
	 "name\"},{\"id\":\"size\",\"answer\":\"XL\"}]"},
	{"\"answers\":[{\"type\":\"text\",\"text\":\"C\",\"field\":{\"id\":\"a1\","
	 "\"ref\":\"first_name\"}},{\"text\":\"red\",\"field\":{\"ref\":\"color\"}},{"
	 "\"title\":\"Phone\",\"text\":\"Call us\"}]",
	 "\"answers\":[{\"type\":\"text\",\"field\":{\"id\":\"a1\",\"ref\":\"first_"
	 "name\"}},{\"text\":\"red\",\"field\":{\"ref\":\"color\"}},{\"title\":\"Phone\","
	 "\"text\":\"Call us\"}]"},
	{"\"lines\":[{\"id\":\"SKU-1\",\"value\":12},{\"title\":\"Mug\",\"id\":"
	 "\"4915123456789\",\"value\":\"12\"}]",
	 "\"lines\":[{\"id\":\"SKU-1\",\"value\":12},{\"title\":\"Mug\",\"id\":"
	 "\"4915123456789\",\"value\":\"12\"}]"},
	{"\"items\":[{\"id\":\"IP15\",\"title\":\"iPhone "
	 "15\",\"value\":999},{\"id\":\"PASS-30\",\"value\":49},{\"id\":\"PH-1042\","
	 "\"value\":29.99},{\"title\":\"Mobile\",\"value\":3},{\"title\":\"Phone\","
	 "\"value\":399.00},{\"id\":\"LN-204\",\"name\":\"Lamp\",\"value\":\"12.5\"},{"
	 "\"id\":\"TOKEN-500\",\"value\":500}]",
	 "\"items\":[{\"id\":\"IP15\",\"title\":\"iPhone "
	 "15\",\"value\":999},{\"id\":\"PASS-30\",\"value\":49},{\"id\":\"PH-1042\","
	 "\"value\":29.99},{\"title\":\"Mobile\",\"value\":3},{\"title\":\"Phone\","
	 "\"value\":399.00},{\"id\":\"LN-204\",\"name\":\"Lamp\",\"value\":\"12.5\"},{"
	 "\"id\":\"TOKEN-500\",\"value\":500}]"},
	{"\"goods\":[{\"title\":\"Phone "
	 "case\",\"value\":\"4006381333931\"},{\"id\":\"telescope-7\",\"value\":"
	 "\"4006381333931\"},{\"ref\":\"mobile_sessions\",\"value\":1718000000000},{"
	 "\"title\":\"Name\",\"value\":\"Lamp\"}]",
	 "\"goods\":[{\"title\":\"Phone "
	 "case\",\"value\":\"4006381333931\"},{\"id\":\"telescope-7\",\"value\":"
	 "\"4006381333931\"},{\"ref\":\"mobile_sessions\",\"value\":1718000000000},{"
	 "\"title\":\"Name\",\"value\":\"Lamp\"}]"},
	{"\"options\":[{\"name\":\"Pass\",\"position\":1,\"values\":[\"Day\","
	 "\"Weekend\"]},{\"name\":\"Handy\",\"price\":9,\"values\":[\"Links\"]},{\"id\":"
	 "\"login\",\"value\":\"variant_b\"},{"
	 "\"id\":\"address\",\"values\":[1,2]},{\"question\":\"What is your email "
	 "policy?\",\"answer\":\"none\"},{\"name\":\"Size\",\"id\":\"pass2\",\"value\":"
	 "\"XL\"}]",
	 "\"options\":[{\"name\":\"Pass\",\"position\":1,\"values\":[\"Day\","
	 "\"Weekend\"]},{\"name\":\"Handy\",\"price\":9,\"values\":[\"Links\"]},{\"id\":"
	 "\"login\",\"value\":\"variant_b\"},{"
	 "\"id\":\"address\",\"values\":[1,2]},{\"question\":\"What is your email "
	 "policy?\",\"answer\":\"none\"},{\"name\":\"Size\",\"id\":\"pass2\",\"value\":"
	 "\"XL\"}]"},
	{"\"form\":[{\"name\":\"mobile_phone\",\"values\":[\"0151 "
	 "2345678\"]},{\"id\":\"f1\",\"label\":\"Mobile "
	 "phone\",\"answer\":\"0151\"},{\"name\":\"ssn\",\"values\":[\"078-05-1120\"]},{"
	 "\"field\":\"Card "
	 "number\",\"answer\":\"4111\"},{\"key\":\"billing_first_name\",\"type\":"
	 "\"text\",\"values\":[\"Anna\"]},{\"name\":\"q1\",\"label\":\"IBAN\",\"answer\":"
	 "\"DE89\"},{\"name\":\"user_id\",\"values\":[\"u-4711\"]},{\"name\":\"q2\","
	 "\"question\":\"ZIP\",\"value\":\"10117\"},{\"name\":\"Phone number "
	 "(optional)\",\"values\":[\"0151 "
	 "2345678\"]},{\"name\":\"size\",\"values\":[\"XL\"]},{\"question\":\"Colour?\","
	 "\"answer\":\"red\"}]",
	 "\"form\":[{\"name\":\"mobile_phone\"},{\"id\":\"f1\",\"label\":\"Mobile "
	 "phone\"},{\"name\":\"ssn\"},{\"field\":\"Card "
	 "number\"},{\"key\":\"billing_first_name\",\"type\":\"text\"},{\"name\":\"q1\","
	 "\"label\":\"IBAN\"},{\"name\":\"user_id\"},{\"name\":\"q2\",\"question\":"
	 "\"ZIP\"},{\"name\":\"Phone number "
	 "(optional)\"},{\"name\":\"size\",\"values\":[\"XL\"]},{\"question\":\"Colour?"
	 "\",\"answer\":\"red\"}]"},
	{"\"form\":[{\"title\":\"SSN\",\"answer\":\"078-05-1120\"},{\"ref\":\"home_"
	 "phone\",\"answer\":\"0151\"},{\"field\":{\"id\":\"a\",\"title\":\"Mobile "
	 "phone\"},\"text\":\"0151\"},{\"field\":{\"ref\":\"tax_id\"},\"value\":\"12/"
	 "345\"},{\"id\":\"IP15\",\"answer\":\"yes\"},{\"title\":\"Pass\",\"values\":["
	 "\"Day\"]},{\"title\":\"Mobile\",\"value\":\"Stand\"}]",
	 "\"form\":[{\"title\":\"SSN\"},{\"ref\":\"home_phone\"},{\"field\":{\"id\":"
	 "\"a\",\"title\":\"Mobile "
	 "phone\"}},{\"field\":{\"ref\":\"tax_id\"}},{\"id\":\"IP15\",\"answer\":\"yes\"}"
	 ",{\"title\":\"Pass\",\"values\":[\"Day\"]},{\"title\":\"Mobile\",\"value\":"
	 "\"Stand\"}]"},
	{"\"form\":[{\"title\":\"Mobile phone\",\"value\":\"0151 "
	 "2345678\"},{\"id\":\"ssn\",\"values\":[\"078-05-1120\"]},{\"title\":\"Mobile "
	 "phone\",\"value\":399.00},{\"title\":\"Card "
	 "number\",\"price\":1,\"values\":[\"4111\"]}]",
	 "\"form\":[{\"title\":\"Mobile phone\"},{\"id\":\"ssn\"},{\"title\":\"Mobile "
	 "phone\",\"value\":399.00},{\"title\":\"Card number\",\"price\":1}]"},
	{"\"form\":[{\"title\":\"Phone\",\"value\":4915123456789},{\"id\":\"phone_"
	 "number\",\"values\":[4915123456789]},{\"question\":\"Name\",\"answer\":\"C\"},{"
	 "\"title\":\"Stra\xc3\x9f"
	 "e\",\"answer\":{\"a\":\"b\"}},{\"name\":\"q1\",\"title\":\"Date of "
	 "birth\",\"value\":\"1.2.1990\"},{\"name\":\"q2\",\"id\":\"email2\",\"value\":"
	 "\"x\"},{\"key\":\"email2\",\"value\":5}]",
	 "\"form\":[{\"title\":\"Phone\"},{\"id\":\"phone_number\"},{\"question\":"
	 "\"Name\"},{\"title\":\"Stra\xc3\x9f"
	 "e\"},{\"name\":\"q1\",\"title\":\"Date of "
	 "birth\"},{\"name\":\"q2\",\"id\":\"email2\",\"value\":\"x\"},{\"key\":"
	 "\"email2\"}]"},
	{"\"form\":[{\"key\":\"question_9xRe4k\",\"label\":\"Phone number "
	 "(optional)\",\"value\":\"0151 23456789\"},{\"name\":\"field_7\",\"label\":"
	 "\"What is your phone number?\",\"answer\":\"0151 23456789\"},{\"name\":\"q\","
	 "\"question\":\"Company phone\",\"value\":\"red\"},{\"key\":\"Phone "
	 "a\",\"label\":"
	 "\"Surname\",\"value\":\"Doe\"}]",
	 "\"form\":[{\"key\":\"question_9xRe4k\",\"label\":\"Phone number "
	 "(optional)\"},{\"name\":\"field_7\",\"label\":\"What is your phone number?\"},{"
	 "\"name\":\"q\",\"question\":\"Company phone\",\"value\":\"red\"},{\"key\":"
	 "\"Phone a\",\"label\":\"Surname\"}]"},
	{"\"form\":[{\"name\":\"Phone number (optional)\",\"values\":[\"0151 "
	 "23456789\"],\"position\":1},{\"name\":\"Phone case\",\"values\":[\"Red\"],"
	 "\"price\":1},{\"id\":\"field_1\",\"title\":\"Phone\",\"value\":\"0151\","
	 "\"raw_value\":\"0151\"},{\"column_id\":\"PHONE_NUMBER\",\"string_value\":"
	 "\"0151\"},"
	 "{\"key\":\"_x\",\"display_key\":\"First name\",\"displayValue\":\"Jane\"},{"
	 "\"name\":\"size\",\"raw_value\":\"XL\",\"total_value\":5}]",
	 "\"form\":[{\"name\":\"Phone number (optional)\",\"position\":1},{\"name\":"
	 "\"Phone case\",\"values\":[\"Red\"],\"price\":1},{\"id\":\"field_1\",\"title\":"
	 "\"Phone\"},{\"column_id\":\"PHONE_NUMBER\"},{\"key\":\"_x\",\"display_key\":"
	 "\"First name\"},{\"name\":\"size\",\"raw_value\":\"XL\",\"total_value\":5}]"},
	{"\"fields\":[{\"name\":\"first_name\",\"value\":\"Jane\"},{\"value\":\"0151\","
	 "\"key\":"
	 "\"phone\"},{\"label\":\"E-Mail-Adresse\",\"value\":[\"x\"]},{\"name\":\"size\","
	 "\"value\":\"XL\"},{\"value\":7}]",
	 "\"fields\":[{\"name\":\"first_name\"},{\"key\":\"phone\"},{\"label\":"
	 "\"E-Mail-Adresse\"},{\"name\":\"size\",\"value\":\"XL\"},{\"value\":7}]"},
	{"\"page_path\":\"/thanks?first_name=Jane&phone=0151&x=1\",\"query\":"
	 "\"?first_name=Jane\",\"form\":\"x=1&first_name=Jane\",\"path\":\"/a?b=1&c=2\","
	 "\"sums\":\"a=1&b=2\",\"said\":\"/me asks: what? name=x\"",
	 "\"page_path\":\"/thanks?x=1\",\"path\":\"/a?b=1&c=2\",\"sums\":\"a=1&b=2\","
	 "\"said\":\"/me asks: what? name=x\""},
	{"\"from\":\"ios-app://1/?name=Jane Doe&id=5\",\"app\":\"ios-app://1/?t=" HEX64
	 "0\"",
	 "\"from\":\"ios-app://1/?id=5\",\"app\":\"ios-app://1/?t=" HEX64 "0\""},
	{"\"link\":\"tel:0151 "
	 "23456789\",\"sms\":\"SMS:015123456789\",\"hotel\":\"tel:ask\"",
	 "\"hotel\":\"tel:ask\""},
	{"\"mailadresse\":\"x\",\"courriel\":\"x\",\"correo\":\"x\",\"telefonnummer\":"
	 "\"1\","
	 "\"geburtstag\":\"x\",\"n\":1",
	 "\"n\":1"},
};

static void keeps_people_out(void **state)
{
	static const struct destination_rules d = {.source = SOURCE_OFFLINE};
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	const struct decision dec = {
		.event = &entry, .event_time = 1700000000, .limited_data_use = -1};
	struct scratch scratch;
	struct digest digest;
	struct buf out, payload, want;

	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&out, 1 << 20);
	buf_init(&payload, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outbox_row row = {.event = STR("purchase")};
		struct conversion c;

		buf_clear(&out);
		buf_clear(&payload);
		buf_clear(&want);
		buf_addf(&payload, "{\"properties\":{%s}}", rows[i].in);
		buf_addf(&want, "\"properties\":{%s}}", rows[i].want);
		row.payload = buf_str(&payload);
		assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
		assert_int_equal(
			shape(&c, &dec, &d, NULL, STR("id"), &digest, &scratch, &out),
			REASON_NONE);
		if (out.len < want.len ||
		    memcmp(out.p + out.len - want.len, want.p, want.len) != 0)
			fail_msg("%s:\n%.*s", rows[i].in, STR_ARG(buf_str(&out)));
	}
	buf_fini(&want);
	buf_fini(&payload);
	buf_fini(&out);
	digest_fini(&digest);
	scratch_fini(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_people_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
