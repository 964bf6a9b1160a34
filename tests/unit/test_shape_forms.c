/* SPDX-License-Identifier: MIT
 *
 * What becomes of a payload whose members are written as shops and forms happen to write them:
 * one table per member, each row an item to the letter. */
#include "shaping.h"

struct row {
	const char *payload; /* the members */
	const char *want;    /* what stands behind the event_id */
};

static void expect(const struct row *r, const struct destination_rules *d, bool pii)
{
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	const struct decision dec = {.event = &entry,
				     .event_time = 1700000000,
				     .limited_data_use = -1,
				     .pii = pii};
	struct outbox_row row = {.event = STR("purchase")};
	struct conversion c;

	buf_clear(&payload);
	buf_clear(&out);
	buf_clear(&other);
	buf_addf(&payload, "{%s}", r->payload);
	buf_addf(&other,
		 "{\"event\":\"Purchase\",\"event_time\":1700000000,\"event_id\":\"id\"%"
		 "s%s}",
		 *r->want ? "," : "", r->want);
	row.payload = buf_str(&payload);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	assert_int_equal(shape(&c, &dec, d, NULL, STR("id"), &digest, &scratch, &out),
			 REASON_NONE);
	assert_string_equal(buf_z(&out), buf_z(&other));
}

#define DEVICES                                                                          \
	"idfa=EA7583CD&_ttp=abc&external_id=u1&userId=3&user[external_id]=4&user_agent=" \
	"Moz"                                                                            \
	"&r=%2Fx%3Fgaid%3D1&browser_user_agent=Moz&anonymous_id=7&"
#define PAGE(url, referrer)                                                              \
	"\"page\":{\"url\":\"https://s.example/" url                                     \
	"\",\"referrer\":\"https://s.example/" referrer "\"}"

/* The address stays without the consent to identifiers, the identifiers in it do not. */
static void names_nobody_in_addresses_without_consent(void **state)
{
	static const struct row denied = {PAGE("t?" DEVICES "ttclid=E.C.P.1&b=2",
					       "t;idfv=1?ua=Moz/5&q=1#a"),
					  "\"user\":{\"ttclid\":\"E.C.P.1\"}," PAGE(
						  "t?ttclid=E.C.P.1&b=2", "t;?q=1")},
				granted = {PAGE("t?" DEVICES "b=2",
						"t;idfv=1?ua=Moz/5&q=1#a"),
					   PAGE("t?" DEVICES "b=2",
						"t;idfv=1?ua=Moz/5&q=1")};
	const struct destination_rules hashed = {.source = SOURCE_WEB,
						 .pii_hashed = true};
	const struct destination_rules none = {.source = SOURCE_WEB};

	(void)state;
	expect(&denied, &hashed, false);
	expect(&denied, &none, true);
	expect(&granted, &hashed, true);
}

/* Names that are much else, and words for nobody. */
static void leaves_what_names_no_device(void **state)
{
	static const char *const kept[] = {
		"ua=1",
		"filter[ua]=1",
		"\xd1\x86\xd1\x96\xd0\xbd\xd0\xb0_ua=450/2",
		"user_id=0",
		"user_id=null",
		"customerId=guest",
		"user_id=%7B%7Bid%7D%7D",
		"deviceId=00000000-0000-0000-0000-000000000000",
		"back=/p?ua=1",
		"user_id=",
	};
	static const char *const taken[] = {
		"ua=Mozilla/5.0",         "ua=Mozilla%2F5.0",
		"ua=0123456789abcdef",    "user_id=10",
		"filter[user_id]=guest7", "back=/p?ua=a/1",
		"%D1%86_user_id=5",       "%EF%BB%BFuser_id=4711",
		"\xd1\x86[userID]=5",     "%EF%BB%BFua=Mozilla/5.0",
	};
	const struct destination_rules d = {.source = SOURCE_WEB};
	char in[256], wanted[256];
	struct row row = {in, wanted};

	(void)state;
	for (size_t i = 0; i < COUNT(kept); i++) {
		snprintf(in, sizeof(in), PAGE("?%s&q=1", ""), kept[i]);
		memcpy(wanted, in, sizeof(wanted));
		expect(&row, &d, true);
	}
	for (size_t i = 0; i < COUNT(taken); i++) {
		snprintf(in, sizeof(in), PAGE("?%s&q=1", ""), taken[i]);
		snprintf(wanted, sizeof(wanted), PAGE("?q=1", ""));
		expect(&row, &d, true);
	}
}

#define FROM(referrer)                                                                   \
	"\"page\":{\"url\":\"https://s.example/\",\"referrer\":\"" referrer "\"}"
#define PAGE_ONLY "\"page\":{\"url\":\"https://s.example/\"}"

/* An app is told by its package; what stands behind a '?' is not the shop's to know of. */
static void takes_apps_as_referrers(void **state)
{
	static const struct row rows[] = {
		{FROM("android-app://com.google.android.gm/"),
		 FROM("android-app://com.google.android.gm/")},
		{FROM(" Android-App:\\/\\/com.x "), FROM("Android-App://com.x")},
		{FROM("ios-app://389801252/https/shop.example/a"),
		 FROM("ios-app://389801252/https/shop.example/a")},
		{FROM("android-app://com.x/https/x.de/?email=jane&id=5#a?b"),
		 FROM("android-app://com.x/https/x.de/")},
		{FROM("android-app://com.x?id=5"), FROM("android-app://com.x")},
		{FROM("android-app://u:p@com.x/jane@x.de/a#b"),
		 FROM("android-app://com.x/redacted/a")},
		{FROM("android-app://com.x/a;email=jane"),
		 FROM("android-app://com.x/a;")},
		{FROM("ios-app://1/https%3A%2F%2Fx.de%2F%3Ffirst_name%3DJ%26x%3D1"),
		 FROM("ios-app://1/https%3A%2F%2Fx.de%2F")},
		{FROM("android-app:///a"), PAGE_ONLY},
		{FROM("android-app://#a"), PAGE_ONLY},
		{FROM("android-app:com.x"), PAGE_ONLY},
		{FROM("mailto:jane@x.de"), PAGE_ONLY},
	};
	static const struct row page = {"\"page\":{\"url\":\"android-app://com.x/\"}",
					PAGE_ONLY};
	const struct destination_rules d = {.source = SOURCE_WEB,
					    .pii_hashed = true,
					    .default_url = "https://s.example/"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int pii = 0; pii < 2; pii++)
			expect(&rows[i], &d, pii);
	/* No page is an app. */
	expect(&page, &d, true);
}

#define SHA_4711 "de650d61f5bd166a91f8ccec3158297db18b9d50eaedca238cd29dc3a214a916"
#define SHA_04711 "20b7be04e909907f96c1bb5e2a84ea037f1cdc83fd76f004b9f7db1d86993cb0"
#define PHONE "4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678"
#define CRM(props) "\"lead\":{\"lead_id\":\"7412345678901230000\"}" props

/* Producers that know no integers write 4711.0. */
static void writes_ids_without_a_fraction(void **state)
{
	static const struct row crm[] = {
		{"\"user\":{\"external_id\":[4711,4711.0,\"4711\",\"4711.0\",4.711e3,\"0."
		 "0\"],\"phone\":"
		 "4930901820.0},\"lead\":{\"lead_id\":7.41234567890123e+18}",
		 "\"user\":{\"phone\":\"" PHONE "\",\"external_id\":\"" SHA_4711
		 "\"}," CRM("")},
		{"\"lead\":{\"lead_id\":7412345678901230000},\"properties\":{\"order_"
		 "id\":"
		 "4711.0,\"shop_id\":9007199254740993,\"content_ids\":[1.0,\"01\",1.50,"
		 "12345678901234567890.0],\"contents\":[{\"content_id\":4711.00,"
		 "\"price\":2.50,\"quantity\":2.0,\"content_name\":1984.0}]}",
		 CRM(",\"properties\":{\"order_id\":\"4711\",\"shop_id\":"
		     "\"9007199254740993\",\"content_ids\":[\"1\",\"01\",\"1.50\","
		     "\"12345678901234567890\"],\"contents\":[{\"content_id\":\"4711\","
		     "\"content_name\":\"1984.0\",\"price\":2.50,\"quantity\":2}]}")},
	};
	static const struct row web = {
		"\"user\":{\"zip_code\":[4711.0,\"04711\"],\"ttp\":17.0}," PAGE("", ""),
		"\"user\":{\"zip_code\":[\"" SHA_4711 "\",\"" SHA_04711
		"\"],\"ttp\":\"17\"}," PAGE("", "")};
	static const struct row app = {
		"\"app\":{\"app_id\":7.0,\"app_version\":2.0}",
		"\"app\":{\"app_id\":\"7\",\"app_version\":\"2.0\"}"};
	struct destination_rules d = {
		.source = SOURCE_CRM, .pii_hashed = true, .default_country = "DE"};

	(void)state;
	for (size_t i = 0; i < COUNT(crm); i++)
		expect(&crm[i], &d, true);
	d.source = SOURCE_WEB;
	expect(&web, &d, true);
	d.source = SOURCE_APP;
	expect(&app, &d, true);
}

#define PROPERTIES(members) "\"properties\":{" members "}"

static void reads_products_as_shops_write_them(void **state)
{
	static const struct row rows[] = {
		{PROPERTIES("\"contents\":[{\"item_id\":\"a\",\"sku\":\"x\",\"price\":"
			    "\"3.50\",\"quantity\":\"2\"},{\"id\":5},{\"sku\":null,"
			    "\"product_id\":\"q\"},{\"content_id\":\" \",\"sku\":\"s\"},"
			    "{\"content_id\":\"c\",\"item_id\":\"s\"},{\"id\":{}},"
			    "{\"id\":\"jane@x.de\",\"brand\":\"b\"}]"),
		 PROPERTIES("\"contents\":[{\"content_id\":\"a\",\"price\":3.50,"
			    "\"quantity\":2},{\"content_id\":\"5\"},{\"content_id\":"
			    "\"q\"},{\"content_id\":\"s\"},{\"content_id\":\"c\"},"
			    "{\"brand\":\"b\"}]")},
		{PROPERTIES("\"contents\":[{\"item_id\":\"a\",\"item_name\":\"Mug\","
			    "\"item_brand\":\"Acme\",\"item_category\":\"Cups\"},"
			    "{\"content_name\":\"own\",\"item_name\":\"other\",\"brand\":"
			    "\" \",\"item_brand\":\"b\",\"item_category\":{}},"
			    "{\"item_id\":\"c\",\"item_name\":\"jane@x.de\"}]"),
		 PROPERTIES(
			 "\"contents\":[{\"content_id\":\"a\",\"content_name\":\"Mug\","
			 "\"content_category\":\"Cups\",\"brand\":\"Acme\"},"
			 "{\"content_name\":\"own\",\"brand\":\"b\"},"
			 "{\"content_id\":\"c\"}]")},
		{PROPERTIES("\"contents\":\"[{\\\"content_id\\\":\\\"a\\\\\\\"b\\\","
			    "\\\"price\\\":9.90,\\\"content_name\\\":\\\"jane@x.de\\\"},"
			    "{\\\"id\\\":2.0}]\""),
		 PROPERTIES("\"contents\":[{\"content_id\":\"a\\\"b\",\"price\":9.90},"
			    "{\"content_id\":\"2\"}]")},
		{PROPERTIES("\"contents\":\" {\\\"sku\\\":7}\""),
		 PROPERTIES("\"contents\":[{\"content_id\":\"7\"}]")},
		{PROPERTIES("\"contents\":\"[{]\""), ""},
		{PROPERTIES("\"contents\":\"null\""), ""},
		{PROPERTIES("\"content_ids\":\"[\\\"a\\\",7,\\\"a\\\",\\\"b \\\\\\\"c"
			    "\\\",\\\"jane@x.de\\\",null,{},4711.0]\""),
		 PROPERTIES("\"content_ids\":[\"a\",\"7\",\"b \\\"c\",\"4711\"]")},
		{PROPERTIES("\"content_ids\":\" [\\u00225\\u0022]\\n\""),
		 PROPERTIES("\"content_ids\":[\"5\"]")},
		{PROPERTIES("\"content_ids\":\"[]\""), ""},
		{PROPERTIES("\"content_ids\":\"[a]\""),
		 PROPERTIES("\"content_ids\":[\"[a]\"]")},
		{PROPERTIES("\"content_ids\":\"7\""),
		 PROPERTIES("\"content_ids\":[\"7\"]")},
		{PROPERTIES("\"content_type\":\"Product Group\""),
		 PROPERTIES("\"content_type\":\"product_group\"")},
		{PROPERTIES("\"content_type\":\" productGroups\""),
		 PROPERTIES("\"content_type\":\"product_group\"")},
		{PROPERTIES("\"content_type\":\"PRODUCTS\""),
		 PROPERTIES("\"content_type\":\"product\"")},
		{PROPERTIES("\"content_type\":\"producti\""),
		 PROPERTIES("\"content_type\":\"producti\"")},
	};
	const struct destination_rules d = {.source = SOURCE_OFFLINE};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], &d, true);
}

/* PHP's number_format(-0.001, 2) and JavaScript's -0: a zero, without the sign. */
static void sends_zeros_without_a_sign(void **state)
{
	static const struct row rows[] = {
		{PROPERTIES("\"value\":-0,\"currency\":\"EUR\",\"num_items\":-0.0"),
		 PROPERTIES("\"value\":0,\"currency\":\"EUR\",\"num_items\":0")},
		{PROPERTIES("\"value\":\" -0.00 \",\"currency\":\"EUR\","
			    "\"num_items\":\"-0\""),
		 PROPERTIES("\"value\":0.00,\"currency\":\"EUR\",\"num_items\":0")},
		{PROPERTIES("\"contents\":[{\"price\":-0.0,\"quantity\":-0}]"),
		 PROPERTIES("\"contents\":[{\"price\":0,\"quantity\":0}]")},
	};
	const struct destination_rules d = {.source = SOURCE_OFFLINE};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], &d, true);
}

/* A wrong price is to be mended, in whatever form the list comes. */
static void refuses_bad_values_in_a_list_as_text(void **state)
{
	static const char *const items[] = {
		"[{\"price\":\"abc\"}]",  "\"[{\\\"price\\\":\\\"abc\\\"}]\"",
		"[{\"quantity\":\"x\"}]", "\"[{\\\"quantity\\\":true}]\"",
		"\"{\\\"price\\\":-1}\"", "[{\"price\":-0.01}]",
		"[{\"price\":\"--0\"}]",  "[{\"price\":\"-\"}]",
		"[{\"price\":\"-00\"}]"};
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	static const struct destination_rules d = {.source = SOURCE_OFFLINE};
	const struct decision dec = {
		.event = &entry, .event_time = 1700000000, .limited_data_use = -1};
	struct outbox_row row = {.event = STR("purchase")};
	struct conversion c;

	(void)state;
	for (size_t i = 0; i < COUNT(items); i++) {
		buf_clear(&payload);
		buf_clear(&out);
		buf_addf(&payload, "{\"properties\":{\"contents\":%s}}", items[i]);
		row.payload = buf_str(&payload);
		assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
		if (shape(&c, &dec, &d, NULL, STR("id"), &digest, &scratch, &out) !=
		    REASON_BAD_VALUE)
			fail_msg("%s", items[i]);
	}
}

#define SHA_U1 "bb82030dbc2bcaba32a90bf2e207a84a856fc5f033b77c480836ab6f77f40f19"
#define USER(members) "\"user\":{" members "}"
#define APP ",\"app\":{\"app_id\":\"7\"}"

/* What a framework hands on that knows no single values, or has not trimmed them. */
static void reads_lists_of_one_and_blanks(void **state)
{
	static const struct row web[] = {
		{USER("\"ttclid\":[\"E.C.P.1\"],"
		      "\"ip\":[\"203.0.113.9\"],"
		      "\"user_agent\":"
		      "[\"Moz\"],\"external_id\":["
		      "\"u1\"],\"ttp\":[17],"
		      "\"locale\":"
		      "[\"de_de\"],\"country\":["
		      "\"DE\"]") "," PAGE("", ""),
		 USER("\"external_id\":\"" SHA_U1 "\",\"country\":\"de\",\"ttclid\":"
		      "\"E.C.P.1\",\"ttp\":\"17\",\"ip\":"
		      "\"203.0.113.9\","
		      "\"user_agent\":\"Moz\",\"locale\":"
		      "\"de-DE\"") "," PAGE("", "")},
		{USER("\"ttp\":[\"a\",\"b\"],\"ip\":[],"
		      "\"user_agent\":[[\"Moz\"]],"
		      "\"locale\":[null]") "," PAGE("", ""),
		 PAGE("", "")},
		{USER("\"ttp\":\" 2abc "
		      "\",\"user_agent\":\"\\tMoz 5 "
		      "\\\"x\\\"\\n\"") "," PAGE("", ""),
		 USER("\"ttp\":\"2abc\",\"user_agent\":"
		      "\"Moz 5 \\\"x\\\"\"") "," PAGE("", "")},
		{USER("\"ttp\":\" "
		      "jane@x.de\",\"user_agent\":\" "
		      "\"") "," PAGE("", ""),
		 PAGE("", "")},
		{USER("\"ttp\":\" "
		      "0\",\"user_agent\":\"Moz "
		      "\\u0020\"") "," PAGE("", ""),
		 USER("\"user_agent\":\"Moz\"") "," PAGE("", "")},
		/* as they would be sent */
		{USER("\"ttp\":0.0") "," PAGE("", ""), PAGE("", "")},
		{USER("\"ttp\":-1e0") "," PAGE("", ""), PAGE("", "")},
		{USER("\"ttp\":[-0.00]") "," PAGE("", ""), PAGE("", "")},
		{USER("\"ttp\":\"nul\\u006c\"") "," PAGE("", ""), PAGE("", "")},
	};
	static const struct row nobody = {USER("\"idfv\":-1.0,\"gaid\":0.0") APP,
					  "\"app\":{\"app_id\":\"7\"}"};
	static const struct row app = {USER("\"idfv\":\" EA75 \",\"gaid\":[\" AB-1 \"]")
					       APP,
				       USER("\"idfv\":\"EA75\",\"gaid\":\"ab-1\"") APP};
	struct destination_rules d = {.source = SOURCE_WEB, .pii_hashed = true};

	(void)state;
	for (size_t i = 0; i < COUNT(web); i++)
		expect(&web[i], &d, true);
	d.source = SOURCE_APP;
	expect(&app, &d, true);
	expect(&nobody, &d, true);
}

#define AD(blank)                                                                        \
	"\"ad\":{\"campaign_id\":\"" blank "17" blank "\",\"ad_id\":\"18" blank          \
	"\",\"creative_id\":\"19\",\"callback\":\"c d" blank "\"}"

/* TikTok's and the stores' ids have none, whatever a file or a form put around them. */
static void takes_blanks_off_the_ids_of_others(void **state)
{
	static const struct row crm[] = {
		{"\"lead\":{\"lead_id\":\"7412345678901230000\\r\\n\"}", CRM("")},
		{"\"lead\":{\"lead_id\":\" 7412345678901230000\"}", CRM("")},
		/* The shop's own are as it wrote them. */
		{CRM(",\"properties\":{\"order_id\":\" A1 \"}"),
		 CRM(",\"properties\":{\"order_id\":\" A1 \"}")},
	};
	static const struct row app = {"\"app\":{\"app_id\":\"389801252\\n\"}," AD(" "),
				       "\"app\":{\"app_id\":\"389801252\"}," AD("")};
	struct destination_rules d = {.source = SOURCE_CRM, .pii_hashed = true};

	(void)state;
	for (size_t i = 0; i < COUNT(crm); i++)
		expect(&crm[i], &d, true);
	d.source = SOURCE_APP;
	expect(&app, &d, true);
}

#define PHONE_AT "ed13b71767ac8ac77e115a562cef117fb1bd9079375901d89c885be354da63f5"

/* Its national numbers are read there. */
static void reads_countries_by_their_names(void **state)
{
	static const struct row named = {
		USER("\"country\":\"Austria\",\"phone\":\"0660 1234567\"") "," PAGE("",
										    ""),
		USER("\"phone\":\"" PHONE_AT "\",\"country\":\"at\"") "," PAGE("", "")};
	const struct destination_rules d = {
		.source = SOURCE_WEB, .pii_hashed = true, .default_country = "DE"};

	(void)state;
	expect(&named, &d, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_nobody_in_addresses_without_consent),
		cmocka_unit_test(leaves_what_names_no_device),
		cmocka_unit_test(takes_apps_as_referrers),
		cmocka_unit_test(reads_products_as_shops_write_them),
		cmocka_unit_test(sends_zeros_without_a_sign),
		cmocka_unit_test(refuses_bad_values_in_a_list_as_text),
		cmocka_unit_test(reads_lists_of_one_and_blanks),
		cmocka_unit_test(takes_blanks_off_the_ids_of_others),
		cmocka_unit_test(reads_countries_by_their_names),
		cmocka_unit_test(writes_ids_without_a_fraction),
	};

	return cmocka_run_group_tests(tests, shaping_set_up, shaping_tear_down);
}
