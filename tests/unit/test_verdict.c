/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/backoff.h"
#include "core/verdict.h"

static const struct answer_secrets none = {{NULL}};

static const struct {
	int http_status;
	const char *body;
	enum verdict verdict;
} rows[] = {
	{200, "{\"code\":0,\"message\":\"OK\",\"data\":{}}", VERDICT_DELIVERED},
	{201, "{\"code\":0}", VERDICT_DELIVERED},
	{502, "{\"code\":0}", VERDICT_UNKNOWN},
	{302, "{\"code\":0}", VERDICT_UNKNOWN},
	{200, "{\"code\":20001,\"data\":[]}", VERDICT_UNKNOWN},
	{200, "{\"code\":40050}", VERDICT_UNKNOWN},
	{200, "{\"code\":40001}", VERDICT_PERMISSION},
	{400, "{\"code\":40002,\"message\":\"x\"}", VERDICT_REFUSED},
	{200, "{\"code\":40000}", VERDICT_REFUSED},
	{200, "{\"code\":40062}", VERDICT_REFUSED},
	{200, "{\"code\":40061}", VERDICT_TOO_LARGE},
	{200, "{\"code\":40016}", VERDICT_THROTTLED},
	{401, "{\"code\":40100}", VERDICT_THROTTLED},
	{200, "{\"code\":40100}", VERDICT_THROTTLED},
	{200, "{\"code\":40133}", VERDICT_THROTTLED},
	{200, "{\"code\":61000}", VERDICT_THROTTLED},
	{200, "{\"code\":40102}", VERDICT_TOKEN},
	{401, "{\"code\":40104}", VERDICT_TOKEN},
	{200, "{\"code\":40105}", VERDICT_TOKEN},
	{200, "{\"code\":40125}", VERDICT_PERMISSION},
	{200, "{\"code\":40008}", VERDICT_STOPPED},
	{200, "{\"code\":40202}", VERDICT_RETRY},
	{200, "{\"code\":50000}", VERDICT_RETRY},
	{200, "{\"code\":51305}", VERDICT_RETRY},
	{200, "{\"code\":60001}", VERDICT_RETRY},
	{200, "{\"code\":70001}", VERDICT_RETRY},
	{200, "{\"code\":49999}", VERDICT_REFUSED},
	{200, "{\"code\":12345}", VERDICT_UNKNOWN},
	{200, "{\"code\":-1}", VERDICT_UNKNOWN},
	{200, "{\"code\":99999999999999999999999}", VERDICT_UNKNOWN},
	{200, "{\"code\":\"0\"}", VERDICT_UNKNOWN},
	{200, "{\"code\":0.0}", VERDICT_UNKNOWN},
	{200, "{\"code\":false}", VERDICT_UNKNOWN},
	{200, "{\"code\":null}", VERDICT_UNKNOWN},
	{200, "[{\"code\":0}]", VERDICT_UNKNOWN},
	{200, "{\"code\":0} trailing", VERDICT_UNKNOWN},
	{200, "{\"code\":0", VERDICT_UNKNOWN},
	{200, "", VERDICT_UNKNOWN},
	{200, "<html>", VERDICT_UNKNOWN},
	{204, "", VERDICT_UNKNOWN},
	{401, "", VERDICT_TOKEN},
	{403, "<html>", VERDICT_PERMISSION},
	{404, "404 page not found", VERDICT_STOPPED},
	{408, "", VERDICT_RETRY},
	{413, "", VERDICT_TOO_LARGE},
	{429, "", VERDICT_THROTTLED},
	{500, "{\"code\":\"x\"}", VERDICT_RETRY},
	{502, "<html>Bad Gateway</html>", VERDICT_RETRY},
	{400, "", VERDICT_REFUSED},
	{422, "", VERDICT_REFUSED},
	{407, "<html>Proxy Authentication Required</html>", VERDICT_STOPPED},
	{418, "", VERDICT_STOPPED},
	{431, "", VERDICT_STOPPED},
	{600, "", VERDICT_STOPPED},
	{301, "", VERDICT_STOPPED},
};

static void the_code_outranks_the_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a = {.transport = TRANSPORT_ANSWERED,
				   .http_status = rows[i].http_status};

		answer_parse(&a, str_of(rows[i].body), &none);
		if (verdict_of(&a) != rows[i].verdict)
			fail_msg("%d %s: %s, not %s", rows[i].http_status, rows[i].body,
				 verdict_word(verdict_of(&a)),
				 verdict_word(rows[i].verdict));
	}
}

static void without_an_answer(void **state)
{
	struct answer a = {
		.transport = TRANSPORT_LOST, .http_status = 200, .has_code = true};

	(void)state;
	assert_int_equal(verdict_of(&a), VERDICT_UNKNOWN);
	assert_int_equal(verdict_waits_for(VERDICT_UNKNOWN, &a), REASON_SERVER_ERROR);
	a.http_status = 0;
	assert_int_equal(verdict_waits_for(VERDICT_UNKNOWN, &a), REASON_NETWORK);
	a.transport = TRANSPORT_NOT_SENT;
	assert_int_equal(verdict_of(&a), VERDICT_NOT_SENT);
	a.transport = TRANSPORT_TLS;
	assert_int_equal(verdict_of(&a), VERDICT_TLS);
	assert_false(verdict_spends(VERDICT_TLS));
	assert_true(verdict_spends(VERDICT_UNKNOWN));
}

static void takes_what_the_envelope_says(void **state)
{
	struct answer a = {0};

	(void)state;
	answer_parse(&a,
		     STR("{\"code\":40002,\"message\":\"a\\nb\\u0007\",\"request_"
			 "id\":\"r1\"}"),
		     &none);
	assert_string_equal(a.message, "a b ");
	assert_string_equal(a.request_id, "r1");
}

static void keep(struct secret *s, const char *text)
{
	s->len = strlen(text);
	memcpy(s->bytes, text, s->len);
}

static void what_was_sent_does_not_come_back(void **state)
{
	static const struct {
		const char *message, *kept;
	} cases[] = {
		{"nothing of it", "nothing of it"},
		{"token 0123456789abcdef is bad", "token **************** is bad"},
		{"0123456789abcdef0123456789abcdef", "********************************"},
		{"begins 01234567", "begins ********"},
		{"ends 89abcdef\\/x", "ends ********/x"},
		{"seven 0123456 of it", "seven 0123456 of it"},
		{"escaped \\u0030123456789", "escaped **********"},
		{"the other: pin!word", "the other: ********"},
		{"pin pin!wordpin!word", "pin ****************"},
		{"too many requests", "too many requests"},
	};
	struct secret token, any, pin;
	struct answer_secrets secrets = {{&token, &any, &pin}};
	struct answer a = {0};

	(void)state;
	keep(&token, "0123456789abcdef");
	keep(&pin, "pin!word");
	keep(&any, "any"); /* shorter than a piece: no real one is */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char body[300];

		snprintf(body, sizeof(body),
			 "{\"code\":1,\"message\":\"%s\",\"request_id\":\"%s\"}",
			 cases[i].message, cases[i].message);
		answer_parse(&a, str_of(body), &secrets);
		assert_string_equal(a.message, cases[i].kept);
		assert_string_equal(a.request_id, cases[i].kept);
	}
}

/* Cut to what a log may hold only afterwards: half a token is a token to guess. */
static void a_secret_at_the_cut_is_hidden(void **state)
{
	struct secret token;
	struct answer_secrets secrets = {{&token}};
	struct answer a = {0};
	char body[4000];

	(void)state;
	keep(&token, "0123456789abcdef");
	for (int before = 170; before < 2100; before += before < 220 ? 1 : 13) {
		snprintf(body, sizeof(body),
			 "{\"code\":1,\"message\":\"%*s0123456789abcdef\"}", before, "");
		answer_parse(&a, str_of(body), &secrets);
		assert_null(strstr(a.message, "0123456789"));
		assert_null(strstr(a.message, "01"));
	}
}

static const struct {
	const char *message;
	int events, index;
} named[] = {
	{"data[3].page.url: Missing required field", 10, 3},
	{"Batch.0.properties.contents.0.content_id: Not a valid string", 10, 0},
	{"data.12.event_id: Not a valid string.", 13, 12},
	{"data.12.event_id: Not a valid string.", 12, -1},
	{"Invalid event at index 7", 10, 7},
	{"Invalid value for event_id: not a valid string.", 10, -1},
	{"data[", 10, -1},
	{"data[99999999999999999]", 10, -1},
	{"", 10, -1},
};

/* It is the destination's trouble, and says nothing of what became of the events. */
static void a_gateway_knows_of_no_outcome(void **state)
{
	static const struct {
		int status;
		bool has_code;
		int64_t code;
		bool unsure;
	} cases[] = {
		{500, false, 0, true},     {502, false, 0, true},
		{503, false, 0, true},     {504, false, 0, true},
		{408, false, 0, false},    {429, false, 0, false},
		{404, false, 0, false},    {504, true, 50000, false},
		{200, true, 50000, false}, {200, true, 20001, true},
		{502, true, 0, true},      {200, true, 0, false},
		{200, false, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer a = {.transport = TRANSPORT_ANSWERED,
				   .http_status = cases[i].status,
				   .has_code = cases[i].has_code,
				   .code = cases[i].code};

		assert_int_equal(verdict_is_unsure(verdict_of(&a), &a), cases[i].unsure);
	}
}

static void finds_the_event_that_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		assert_int_equal(verdict_named(str_of(named[i].message), named[i].events),
				 named[i].index);
}

static void waits_within_the_ceiling(void **state)
{
	(void)state;
	for (int failures = 1; failures < 80; failures++) {
		int64_t ceiling = failures > 9 ? 900000 : INT64_C(2000) << (failures - 1);

		if (ceiling > 900000)
			ceiling = 900000;
		assert_int_equal(backoff_ms(failures, 2000, 900000, 0), 1);
		assert_int_equal(
			backoff_ms(failures, 2000, 900000, (uint64_t)ceiling - 1),
			ceiling);
		assert_int_equal(backoff_ms(failures, 2000, 900000, (uint64_t)ceiling),
				 1);
		assert_in_range(backoff_ms(failures, 2000, 900000, UINT64_MAX), 1,
				ceiling);
	}
}

static void what_fails_often_is_tried_with_fewer(void **state)
{
	static const int cases[][3] = {
		{0, 1000, 1000}, {2, 1000, 1000},  {3, 1000, 500}, {4, 1000, 250},
		{11, 1000, 1},   {60000, 1000, 1}, {3, 1, 1},      {3, 2, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(backoff_together(cases[i][0], cases[i][1]), cases[i][2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_outranks_the_status),
		cmocka_unit_test(without_an_answer),
		cmocka_unit_test(takes_what_the_envelope_says),
		cmocka_unit_test(what_was_sent_does_not_come_back),
		cmocka_unit_test(a_secret_at_the_cut_is_hidden),
		cmocka_unit_test(a_gateway_knows_of_no_outcome),
		cmocka_unit_test(finds_the_event_that_is_named),
		cmocka_unit_test(waits_within_the_ceiling),
		cmocka_unit_test(what_fails_often_is_tried_with_fewer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
