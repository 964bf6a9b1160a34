/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/authorization.h"
#include "net/oauth_reply.h"

static void begin(struct authorization *a)
{
	struct err e;

	assert_int_equal(authorization_init(a, 8421, 1000, &e), ERR_OK);
}

static void each_state_is_256_bits_of_its_own(void **state)
{
	struct authorization a, b;

	(void)state;
	begin(&a);
	begin(&b);
	assert_int_equal(strlen(a.state), 64);
	assert_int_equal(strspn(a.state, "0123456789abcdef"), 64);
	assert_string_not_equal(a.state, b.state);
	assert_string_equal(a.redirect_uri, "http://127.0.0.1:8421/callback");
}

static void the_url_asks_for_this_app_and_state(void **state)
{
	struct authorization a;
	char expected[400];
	struct buf url;

	(void)state;
	begin(&a);
	buf_init(&url, 1024);
	authorization_url(&a, "https://x", "7 &1", &url);
	snprintf(expected, sizeof(expected),
		 "https://x/portal/auth?app_id=7%%20%%261&state=%s&redirect_uri="
		 "http%%3A%%2F%%2F127.0.0.1%%3A8421%%2Fcallback",
		 a.state);
	assert_string_equal(buf_z(&url), expected);
	buf_fini(&url);
}

static void only_our_state_counts_and_only_once(void **state)
{
	enum { OURS, LONGER, SHORTER, OTHER, NOTHING };
	static const struct {
		int kind;
		const char *code, *error;
		uint64_t now_ms;
		enum authorization_answer first, again;
	} rows[] = {
		{OURS, "c", "", 1000, AUTHORIZATION_GIVEN, AUTHORIZATION_FOREIGN},
		{OURS, "", "denied", 1000, AUTHORIZATION_DENIED, AUTHORIZATION_FOREIGN},
		{OURS, "c", "denied", 1000, AUTHORIZATION_DENIED, AUTHORIZATION_FOREIGN},
		{OURS, "", "", 1000, AUTHORIZATION_EMPTY, AUTHORIZATION_EMPTY},
		{OURS, "c", "", 600999, AUTHORIZATION_GIVEN, AUTHORIZATION_FOREIGN},
		{OURS, "c", "", 601000, AUTHORIZATION_LATE, AUTHORIZATION_LATE},
		{LONGER, "c", "", 1000, AUTHORIZATION_FOREIGN, AUTHORIZATION_FOREIGN},
		{SHORTER, "c", "", 1000, AUTHORIZATION_FOREIGN, AUTHORIZATION_FOREIGN},
		{OTHER, "c", "", 1000, AUTHORIZATION_FOREIGN, AUTHORIZATION_FOREIGN},
		{NOTHING, "c", "", 1000, AUTHORIZATION_FOREIGN, AUTHORIZATION_FOREIGN},
		{OTHER, "", "denied", 1000, AUTHORIZATION_FOREIGN, AUTHORIZATION_FOREIGN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct authorization a;
		char text[72];

		begin(&a);
		snprintf(text, sizeof(text), "%s%s", a.state,
			 rows[i].kind == LONGER ? "0" : "");
		if (rows[i].kind == SHORTER)
			text[63] = '\0';
		if (rows[i].kind == OTHER)
			text[63] = text[63] == '0' ? '1' : '0';
		if (rows[i].kind == NOTHING)
			text[0] = '\0';
		assert_int_equal(
			authorization_judge(&a, str_of(text), str_of(rows[i].code),
					    str_of(rows[i].error), rows[i].now_ms),
			rows[i].first);
		assert_int_equal(
			authorization_judge(&a, str_of(text), str_of(rows[i].code),
					    str_of(rows[i].error), rows[i].now_ms),
			rows[i].again);
		/* A stranger's try does not use the state up. */
		if (rows[i].first == AUTHORIZATION_FOREIGN)
			assert_int_equal(authorization_judge(&a, str_of(a.state),
							     STR("c"), STR_NONE, 1000),
					 AUTHORIZATION_GIVEN);
	}
}

static void arguments_of_a_pasted_url(void **state)
{
	static const struct {
		const char *url, *name, *value;
	} rows[] = {
		{"http://127.0.0.1:1/callback?auth_code=a&state=b", "auth_code", "a"},
		{"http://127.0.0.1:1/callback?auth_code=a&state=b", "state", "b"},
		{"http://x/?state=b#state=c", "state", "b"},
		{"http://x/?mystate=c&state=b", "state", "b"},
		{"http://x/?state=%41%20+%zz%4", "state", "A  %zz%4"},
		{"http://x/?state", "state", ""},
		{"http://x/?state=", "state", ""},
		{"http://x/state=b", "state", ""},
		{"", "state", ""},
		{"?&&=&state=b&", "state", "b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		buf_init(&out, 256);
		authorization_argument(str_of(rows[i].url), str_of(rows[i].name), &out);
		assert_string_equal(buf_z(&out), rows[i].value);
		buf_fini(&out);
	}
}

static void grants_as_tiktok_writes_them(void **state)
{
	static const struct {
		const char *reply, *token, *refresh, *ids;
		int64_t life_s;
	} rows[] = {
		{"{\"code\":0,\"data\":{\"access_token\":\"t\",\"advertiser_ids\":[\"1\","
		 "\"2\"],\"scope\":[4]}}",
		 "t", "", "1,2", 0},
		{"{\"data\":{\"access_token\":\"t\",\"advertiser_ids\":[7001,7002],"
		 "\"expires_in\":86400,\"refresh_token\":\"r\"}}",
		 "t", "r", "7001,7002", 86400},
		{"{\"data\":{\"access_token\":\"t\",\"expires_in\":\"60\",\"refresh_"
		 "token\":"
		 "null}}",
		 "t", "", "", 60},
		{"{\"data\":{\"access_token\":\"t\\u002d\"}}", "t-", "", "", 0},
		{"{\"data\":{\"access_token\":\"\"}}", NULL, "", "", 0},
		{"{\"data\":{\"access_token\":\"a\\r\\nX: y\"}}", NULL, "", "", 0},
		{"{\"data\":{\"access_token\":null}}", NULL, "", "", 0},
		{"{\"data\":[]}", NULL, "", "", 0},
		{"{\"data\":{}}", NULL, "", "", 0},
		{"{}", NULL, "", "", 0},
		{"[1]", NULL, "", "", 0},
		{"<html>", NULL, "", "", 0},
		{"", NULL, "", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oauth_grant g;
		bool read = oauth_read_grant(str_of(rows[i].reply), &g);

		assert_int_equal(read, rows[i].token != NULL);
		if (!read)
			continue;
		assert_int_equal(g.token.len, strlen(rows[i].token));
		assert_memory_equal(g.token.bytes, rows[i].token, g.token.len);
		assert_int_equal(g.refresh_token.len, strlen(rows[i].refresh));
		assert_memory_equal(g.refresh_token.bytes, rows[i].refresh,
				    g.refresh_token.len);
		assert_int_equal(g.expires_in_s, rows[i].life_s);
		assert_string_equal(g.advertisers, rows[i].ids);
		oauth_grant_fini(&g);
	}
}

static void lists_of_any_shape(void **state)
{
	static const struct {
		const char *reply;
		int count;
		const char *first;
	} rows[] = {
		{"{\"data\":{\"list\":[{\"advertiser_id\":\"7\",\"advertiser_name\":"
		 "\"A\"}"
		 ",{\"advertiser_id\":8}]}}",
		 2, "7"},
		{"{\"data\":{\"list\":[]}}", 0, ""},
		{"{\"data\":{\"list\":[1,null,{},{\"advertiser_id\":\"9\"}]}}", 1, "9"},
		{"{\"data\":{\"list\":{}}}", 0, ""},
		{"{\"data\":null}", 0, ""},
	};
	struct oauth_item items[1];
	struct oauth_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(oauth_read_advertisers(str_of(rows[i].reply), items, 1),
				 rows[i].count);
		if (rows[i].count)
			assert_string_equal(items[0].id, rows[i].first);
	}
	assert_true(oauth_read_info(
		STR("{\"data\":{\"list\":[{\"timezone\":\"Etc/GMT+5\",\"currency\":"
		    "\"USD\"}]}}"),
		&info));
	assert_string_equal(info.timezone, "Etc/GMT+5");
	assert_string_equal(info.currency, "USD");
	assert_false(oauth_read_info(STR("{\"data\":{\"list\":[]}}"), &info));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_is_256_bits_of_its_own),
		cmocka_unit_test(the_url_asks_for_this_app_and_state),
		cmocka_unit_test(only_our_state_counts_and_only_once),
		cmocka_unit_test(arguments_of_a_pasted_url),
		cmocka_unit_test(grants_as_tiktok_writes_them),
		cmocka_unit_test(lists_of_any_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
