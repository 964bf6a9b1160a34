/* SPDX-License-Identifier: MIT
 * Two hundred answers that do not say "delivered", and the one that does: P3 of a request is
 * decided here, by 2xx and the whole number 0 under `code` of one JSON object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/answer.h"
#include "core/json.h"
#include "core/secret.h"
#include "core/verdict.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define GOOD "{\"code\":0,\"message\":\"OK\",\"request_id\":\"r\",\"data\":{\"a\":[1]}}"

static enum verdict verdict_at(int status, struct str body)
{
	static const struct answer_secrets none = {{NULL}};
	struct answer a = {.transport = TRANSPORT_ANSWERED, .http_status = status};

	answer_parse(&a, body, &none);
	return verdict_of(&a);
}

/* With 200, 201, 202, 204 and 206 each of them is unknown. */
static const char *const unknown[] = {
	/* nothing, white space, other formats */
	"",
	" ",
	"\n\n",
	"OK",
	"0",
	"code=0",
	"code: 0",
	"<html><body>{\"code\":0}</body></html>",
	"<?xml version=\"1.0\"?><code>0</code>",
	"\x1f\x8b\x08\x00garbage",
	"\xef\xbb\xbf" GOOD,
	"\xff\xfe{\"code\":0}",
	"data: {\"code\":0}\n\n",
	")]}',\n{\"code\":0}",
	"HTTP/1.1 200 OK",
	/* JSON that is no object */
	"null",
	"true",
	"[]",
	"[0]",
	"\"code\"",
	"[{\"code\":0}]",
	"\"{\\\"code\\\":0}\"",
	/* without the code, or with one that is nowhere near */
	"{}",
	"{\"message\":\"OK\"}",
	"{\"data\":{\"code\":0}}",
	"{\"Code\":0}",
	"{\"CODE\":0}",
	"{\"code \":0}",
	"{\" code\":0}",
	"{\"kode\":0}",
	"{\"errcode\":0}",
	"{\"codes\":[0]}",
	/* of another type */
	"{\"code\":\"0\"}",
	"{\"code\":\"\"}",
	"{\"code\":null}",
	"{\"code\":true}",
	"{\"code\":false}",
	"{\"code\":[]}",
	"{\"code\":[0]}",
	"{\"code\":{}}",
	"{\"code\":{\"code\":0}}",
	"{\"code\":0.0}",
	"{\"code\":0e0}",
	"{\"code\":0.9}",
	"{\"code\":1e-400}",
	"{\"code\":NaN}",
	"{\"code\":0x0}",
	"{\"code\":00}",
	"{\"code\":+0}",
	"{\"code\":.0}",
	"{\"code\":OK}",
	"{\"code\":99999999999999999999999}",
	"{\"code\":-99999999999999999999999}",
	/* codes that nobody has explained, and those that leave it open */
	"{\"code\":1}",
	"{\"code\":-1}",
	"{\"code\":200}",
	"{\"code\":20000}",
	"{\"code\":20001}",
	"{\"code\":20001,\"message\":\"OK\",\"data\":{\"failed_events\":[]}}",
	"{\"code\":12345}",
	"{\"code\":39999}",
	"{\"code\":80000}",
	"{\"code\":40050}",
	"{\"code\":4294967296}",
	"{\"code\":9223372036854775807}",
	"{\"code\":18446744073709551616}",
	/* broken */
	"{",
	"}",
	"{\"code\"",
	"{\"code\":",
	"{\"code\":0",
	"{\"code\":0,",
	"{\"code\":0,}",
	"{\"code\":0}}",
	"{\"code\":0}{\"code\":0}",
	"{\"code\":0} x",
	"{'code':0}",
	"{code:0}",
	"{\"code\" 0}",
	"{\"code\":0 \"message\":1}",
	"{\"code\":0,\"message\":\"a\nb\"}",
	"{\"code\":0,\"message\":\"\\x\"}",
	"{\"code\":0,\"message\":\"\\u12\"}",
	"{\"code\":0,\"message\":\"\xff\"}",
	"{\"code\":0,\"message\":\"\xc0\x80\"}",
	"{\"code\":0,/**/\"a\":1}",
	"{\"code\":0}\x01",
	"{\"code\":0,\"data\":[1,]}",
	"{\"code\":0,\"data\":01}",
	"{\"code\":0,\"data\":tru}",
};

static void is_not_delivered(void **state)
{
	static const int statuses[] = {200, 201, 202, 204, 206};

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++)
		for (size_t s = 0; s < COUNT(statuses); s++)
			if (verdict_at(statuses[s], str_of(unknown[i])) !=
			    VERDICT_UNKNOWN)
				fail_msg("%d %s: %s", statuses[s], unknown[i],
					 verdict_word(verdict_at(statuses[s],
								 str_of(unknown[i]))));
}

/* The same under a status that says no: never delivered, whatever it then is. */
static void nor_under_another_status(void **state)
{
	(void)state;
	for (int status = 0; status < 1000; status++) {
		bool good = status >= 200 && status <= 299;

		assert_int_equal(verdict_at(status, STR(GOOD)) == VERDICT_DELIVERED,
				 good);
		for (size_t i = 0; i < COUNT(unknown); i++)
			assert_int_not_equal(verdict_at(status, str_of(unknown[i])),
					     VERDICT_DELIVERED);
	}
}

static void only_the_code_0(void **state)
{
	char body[64];

	(void)state;
	for (int code = -100; code < 100000; code++) {
		int len = snprintf(body, sizeof(body), "{\"code\":%d}", code);
		enum verdict v = verdict_at(200, str_make(body, (size_t)len));

		assert_int_equal(v == VERDICT_DELIVERED, code == 0);
		/* Codes of no known family say nothing about the rows. */
		if (code < 0 || (code > 0 && code < 40000) || code >= 80000)
			assert_int_equal(v, VERDICT_UNKNOWN);
	}
}

static void only_the_whole_of_it(void **state)
{
	struct str good = STR(GOOD);
	char text[sizeof(GOOD)];

	(void)state;
	for (size_t len = 0; len <= good.len; len++)
		assert_int_equal(verdict_at(200, str_make(good.p, len)) ==
					 VERDICT_DELIVERED,
				 len == good.len);
	for (size_t i = 0; i < good.len; i++) { /* a NUL anywhere */
		memcpy(text, GOOD, sizeof(text));
		text[i] = '\0';
		assert_int_not_equal(verdict_at(200, str_make(text, good.len)),
				     VERDICT_DELIVERED);
	}
}

/* `before`, then `piece` so often, then `after`. */
static enum verdict repeated(const char *before, const char *piece, size_t times,
			     const char *after)
{
	struct buf b;
	enum verdict v;

	buf_init(&b, 64 << 20);
	buf_adds(&b, str_of(before));
	for (size_t i = 0; i < times; i++)
		buf_adds(&b, str_of(piece));
	buf_adds(&b, str_of(after));
	assert_false(b.full);
	v = verdict_at(200, buf_str(&b));
	buf_fini(&b);
	return v;
}

static void huge_ones(void **state)
{
	(void)state;
	assert_int_equal(repeated("", "[", 200000, ""), VERDICT_UNKNOWN);
	assert_int_equal(repeated("{\"a\":", "[", 100000, ""), VERDICT_UNKNOWN);
	assert_int_equal(repeated("{\"code\":0,\"a\":", "{\"a\":", 100000, ""),
			 VERDICT_UNKNOWN);
	assert_int_equal(repeated("[", "{},", 1000000, "{}]"), VERDICT_UNKNOWN);
	assert_int_equal(repeated("", "A", 3000000, ""), VERDICT_UNKNOWN);
	assert_int_equal(repeated("{\"code\":", "0", 3000000, "}"), VERDICT_UNKNOWN);
	assert_int_equal(repeated("{\"code\":1", "0", 3000000, "}"), VERDICT_UNKNOWN);
	/* Large and right is right. */
	assert_int_equal(repeated("{\"code\":0,\"message\":\"", "A", 200000, "\"}"),
			 VERDICT_DELIVERED);
}

/* Readers differ in which of equal keys counts; written with escapes it is the same key. */
static void equal_keys(void **state)
{
	static const char *const bodies[] = {
		"{\"code\":0,\"code\":50000}",
		"{\"code\":0,\"code\":\"x\"}",
		"{\"code\":40105,\"code\":0}",
		"{\"code\":0,\"code\":0}",
		"{\"c\\u006fde\":40105,\"message\":\"OK\",\"code\":0}",
		"{\"code\":40105,\"data\":{\"a\":[1]},\"\\u0063ode\":0}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		assert_int_equal(verdict_at(200, str_of(bodies[i])), VERDICT_UNKNOWN);
	assert_int_equal(verdict_at(200, STR("{\"data\":{\"code\":1},\"code\":0}")),
			 VERDICT_DELIVERED);
}

/* A line of a log: whole characters, and nobody's address. */
static void words_for_a_log(void **state)
{
	static const struct answer_secrets none = {{NULL}};
	struct answer a = {0};
	char body[1200], *at = body;

	(void)state;
	at += sprintf(at, "{\"code\":1,\"message\":\"a");
	for (int i = 0; i < 100; i++)
		at += sprintf(at, "\xe5\x8f\x82");
	sprintf(at, "\"}");
	answer_parse(&a, str_of(body), &none);
	assert_int_equal(strlen(a.message) % 3, 1);
	assert_in_range(strlen(a.message), sizeof(a.message) - 4, sizeof(a.message) - 1);
	assert_true(utf8_valid(str_of(a.message)));
	answer_parse(&a,
		     STR("{\"code\":1,\"message\":\"bad \\\"jane@x.com\\\", sorry\"}"),
		     &none);
	assert_string_equal(a.message, "bad \"**********\", sorry");
}

/* Whichever of those that were sent is echoed, wherever. */
static void no_secret(void **state)
{
	static const struct secret sent[ANSWER_SECRETS] = {
		{"0123456789abcdef", 16},
		{"ghijklmnopqrstuv", 16},
		{"wxyzABCDEFGHIJKL", 16},
	};
	static const struct answer_secrets secrets = {{&sent[0], &sent[1], &sent[2]}};

	(void)state;
	for (size_t i = 0; i < ANSWER_SECRETS; i++) {
		struct answer a = {0};
		char body[200];

		snprintf(body, sizeof(body),
			 "{\"code\":1,\"message\":\"not "
			 "%.20s!\",\"request_id\":\"%.20s\"}",
			 (const char *)sent[i].bytes, (const char *)sent[i].bytes);
		answer_parse(&a, str_of(body), &secrets);
		assert_string_equal(a.message, "not ****************!");
		assert_string_equal(a.request_id, "****************");
	}
}

/* Nor anything that a terminal obeys, or that turns the order of what stands beside it. */
static void nothing_that_is_obeyed(void **state)
{
	static const struct answer_secrets none = {{NULL}};
	struct answer a = {0};

	(void)state;
	answer_parse(&a,
		     STR("{\"code\":1,\"message\":\"a\\u001b[31mb\\u009b31mc\\u202ed"
			 "\\u2066e\\u2028f\\u007fg\\u00e9\\ud83d\\ude00\",\"request_id\":"
			 "\"x\xc2\x9by\"}"),
		     &none);
	assert_string_equal(a.message, "a [31mb 31mc d e f g\xc3\xa9\xf0\x9f\x98\x80");
	assert_string_equal(a.request_id, "x y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_not_delivered),
		cmocka_unit_test(nor_under_another_status),
		cmocka_unit_test(only_the_code_0),
		cmocka_unit_test(only_the_whole_of_it),
		cmocka_unit_test(huge_ones),
		cmocka_unit_test(equal_keys),
		cmocka_unit_test(words_for_a_log),
		cmocka_unit_test(no_secret),
		cmocka_unit_test(nothing_that_is_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
