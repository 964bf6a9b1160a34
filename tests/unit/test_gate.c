/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/ask.h"
#include "net/door.h"

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee"
#define FORM "application/x-www-form-urlencoded"

static struct gate gate_at(const char *door)
{
	struct gate g = {.tcp = false};
	struct door d;
	struct err e;

	assert_int_equal(door_parse(door, &d, &e), ERR_OK);
	door_gate(&d, &g);
	memcpy(g.token, TOKEN, sizeof(g.token));
	return g;
}

static struct str header(const char *value)
{
	return value ? str_of(value) : STR_NONE;
}

static void the_name_must_be_ours(void **state)
{
	static const struct {
		const char *door, *host;
		enum gate_verdict verdict;
	} rows[] = {
		{"/run/a.sock", "localhost", GATE_PASS},
		{"/run/a.sock", "LocalHost:8080", GATE_PASS},
		{"/run/a.sock", "127.0.0.1", GATE_PASS},
		{"/run/a.sock", "[::1]:1", GATE_PASS},
		{"/run/a.sock", NULL, GATE_HOST},
		{"/run/a.sock", "", GATE_HOST},
		{"/run/a.sock", "localhost:", GATE_HOST},
		{"/run/a.sock", "localhost:123456", GATE_HOST},
		{"/run/a.sock", "localhost:8x", GATE_HOST},
		{"/run/a.sock", "localhost.", GATE_HOST},
		{"/run/a.sock", "localhost.evil.example", GATE_HOST},
		{"/run/a.sock", "evil.example", GATE_HOST},
		{"/run/a.sock", "127.0.0.2", GATE_HOST},
		{"127.0.0.1:9464", "127.0.0.1:9464", GATE_PASS},
		{"127.0.0.1:9464", "localhost:9464", GATE_PASS},
		{"127.0.0.1:9464", "127.0.0.1", GATE_HOST},
		{"127.0.0.1:9464", "127.0.0.1:9465", GATE_HOST},
		{"127.0.0.1:9464", "127.0.0.1:94640", GATE_HOST},
		{"127.0.0.1:9464", "[::1]:9464", GATE_HOST},
		{"127.0.0.1:9464", "evil.example:9464", GATE_HOST},
		{"127.0.0.1:9464", NULL, GATE_HOST},
		{"127.0.0.1:80", "127.0.0.1", GATE_PASS},
		{"127.0.0.1:80", "localhost", GATE_PASS},
		{"127.0.0.1:80", "localhost:80", GATE_HOST},
		{"127.0.0.2:9464", "127.0.0.2:9464", GATE_PASS},
		{"127.0.0.2:9464", "localhost:9464", GATE_HOST},
		{"[::1]:9464", "[::1]:9464", GATE_PASS},
		{"[::1]:9464", "localhost:9464", GATE_PASS},
		{"[::1]:9464", "127.0.0.1:9464", GATE_HOST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gate g = gate_at(rows[i].door);
		struct gate_request r = {.method = STR("GET"),
					 .host = header(rows[i].host)};

		if (gate_headers(&g, GATE_READ, &r) != rows[i].verdict)
			fail_msg("%s at %s", rows[i].host, rows[i].door);
	}
}

static void other_pages_may_not_ask(void **state)
{
	static const struct {
		const char *method, *origin, *site, *mode;
		enum gate_verdict verdict;
	} rows[] = {
		{"POST", NULL, NULL, NULL, GATE_PASS}, /* curl */
		{"POST", "http://127.0.0.1:9464", "same-origin", "navigate", GATE_PASS},
		{"POST", "http://127.0.0.1:9464", "none", NULL, GATE_PASS},
		{"POST", "http://localhost:9464", NULL, NULL, GATE_ORIGIN}, /* not Host */
		{"POST", "http://127.0.0.1:9465", NULL, NULL, GATE_ORIGIN},
		{"POST", "http://127.0.0.1", NULL, NULL, GATE_ORIGIN},
		{"POST", "https://127.0.0.1:9464", NULL, NULL, GATE_ORIGIN},
		{"POST", "http://127.0.0.1:9464.evil.example", NULL, NULL, GATE_ORIGIN},
		{"POST", "http://evil.example", NULL, NULL, GATE_ORIGIN},
		{"POST", "null", NULL, NULL, GATE_ORIGIN},
		{"POST", "", NULL, NULL, GATE_ORIGIN},
		{"POST", NULL, "cross-site", "navigate", GATE_ORIGIN},
		{"POST", NULL, "same-site", "navigate", GATE_ORIGIN},
		{"GET", "http://evil.example", "cross-site", "cors", GATE_ORIGIN},
		{"GET", NULL, "cross-site", "no-cors", GATE_ORIGIN},
		{"GET", NULL, "cross-site", NULL, GATE_ORIGIN},
		{"GET", NULL, "cross-site", "navigate", GATE_PASS}, /* a link */
		{"GET", NULL, "none", "navigate", GATE_PASS},
		{"GET", NULL, "same-origin", "cors", GATE_PASS},
		{"HEAD", NULL, NULL, NULL, GATE_PASS},
	};
	struct gate g = gate_at("127.0.0.1:9464");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gate_request r = {.method = str_of(rows[i].method),
					 .host = STR("127.0.0.1:9464"),
					 .origin = header(rows[i].origin),
					 .fetch_site = header(rows[i].site),
					 .fetch_mode = header(rows[i].mode)};

		if (gate_headers(&g, GATE_PAGE, &r) != rows[i].verdict)
			fail_msg("row %zu: %s %s", i, rows[i].method, rows[i].origin);
	}
}

static void each_kind_has_its_methods(void **state)
{
	static const struct {
		enum gate_kind kind;
		const char *fit, *unfit;
	} rows[] = {
		{GATE_OPEN, "GET", "POST"},      {GATE_READ, "HEAD", "POST"},
		{GATE_PAGE, "POST", "PUT"},      {GATE_PAGE, "GET", "OPTIONS"},
		{GATE_CHANGE, "POST", "GET"},    {GATE_CHANGE, "POST", "HEAD"},
		{GATE_CHANGE, "POST", "DELETE"}, {GATE_READ, "GET", "get"},
	};
	struct gate g = gate_at("/run/a.sock");
	struct gate_request r = {.host = STR("localhost")};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r.method = str_of(rows[i].fit);
		assert_int_equal(gate_headers(&g, rows[i].kind, &r), GATE_PASS);
		r.method = str_of(rows[i].unfit);
		assert_int_equal(gate_headers(&g, rows[i].kind, &r), GATE_METHOD);
	}
}

static void the_token_opens_what_needs_it(void **state)
{
	static const struct {
		const char *door;
		enum gate_kind kind;
		const char *authorization, *form;
		enum gate_verdict verdict;
		bool trusted;
	} rows[] = {
		{"/s", GATE_READ, NULL, NULL, GATE_PASS, false},
		{"/s", GATE_READ, "Bearer " OTHER, NULL, GATE_PASS, false},
		{"/s", GATE_READ, "Bearer " TOKEN, NULL, GATE_PASS, true},
		{"/s", GATE_CHANGE, NULL, NULL, GATE_NO_TOKEN, false},
		{"/s", GATE_CHANGE, "Bearer " OTHER, NULL, GATE_WRONG_TOKEN, false},
		{"/s", GATE_CHANGE, "bearer   " TOKEN " ", NULL, GATE_PASS, true},
		{"/s", GATE_CHANGE, "Basic " TOKEN, NULL, GATE_WRONG_TOKEN, false},
		{"/s", GATE_CHANGE, TOKEN, NULL, GATE_WRONG_TOKEN, false},
		{"/s", GATE_CHANGE, "Bearer " TOKEN "0", NULL, GATE_WRONG_TOKEN, false},
		{"/s", GATE_CHANGE, "Bearer ", NULL, GATE_WRONG_TOKEN, false},
		{"/s", GATE_CHANGE, NULL, TOKEN, GATE_PASS, true},
		{"/s", GATE_CHANGE, NULL, OTHER, GATE_WRONG_TOKEN, false},
		{"/s", GATE_CHANGE, NULL, "", GATE_WRONG_TOKEN, false},
		{"127.0.0.1:80", GATE_OPEN, NULL, NULL, GATE_PASS, false},
		{"127.0.0.1:80", GATE_READ, NULL, NULL, GATE_NO_TOKEN, false},
		{"127.0.0.1:80", GATE_PAGE, "Bearer " OTHER, NULL, GATE_WRONG_TOKEN,
		 false},
		{"127.0.0.1:80", GATE_PAGE, "Bearer " TOKEN, NULL, GATE_PASS, true},
		{"127.0.0.1:80", GATE_CHANGE, NULL, NULL, GATE_NO_TOKEN, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gate g = gate_at(rows[i].door);
		struct gate_request r = {
			.method = rows[i].kind == GATE_CHANGE ? STR("POST") : STR("GET"),
			.host = g.tcp ? STR("127.0.0.1") : STR("localhost"),
			.authorization = header(rows[i].authorization),
			.form_token = header(rows[i].form)};
		bool trusted = !rows[i].trusted;

		if (gate_judge(&g, rows[i].kind, &r, &trusted) != rows[i].verdict ||
		    trusted != rows[i].trusted)
			fail_msg("row %zu", i);
	}
}

/* A relay whose token could not be made trusts nobody. */
static void no_token_is_nobodys(void **state)
{
	struct gate g = gate_at("/s");
	struct gate_request r = {.method = STR("POST"), .host = STR("localhost")};
	bool trusted;

	(void)state;
	memset(g.token, 0, sizeof(g.token));
	r.form_token = str_make(g.token, GATE_TOKEN_LEN);
	assert_int_equal(gate_judge(&g, GATE_CHANGE, &r, &trusted), GATE_WRONG_TOKEN);
}

static void addresses(void **state)
{
	static const struct {
		const char *text;
		enum door_kind kind;
		const char *name; /* NULL: refused */
	} rows[] = {
		{"off", DOOR_OFF, ""},
		{"./a.sock", DOOR_UNIX, "./a.sock"},
		{"127.0.0.1:0", DOOR_TCP, "http://127.0.0.1:0/"},
		{"127.0.0.1:65535", DOOR_TCP, "http://127.0.0.1:65535/"},
		{"127.1.2.3:80", DOOR_TCP, "http://127.1.2.3:80/"},
		{"[::1]:9464", DOOR_TCP, "http://[::1]:9464/"},
		{"", DOOR_OFF, NULL},
		{"on", DOOR_OFF, NULL},
		{"9464", DOOR_OFF, NULL},
		{":9464", DOOR_OFF, NULL},
		{"127.0.0.1", DOOR_OFF, NULL},
		{"127.0.0.1:", DOOR_OFF, NULL},
		{"127.0.0.1:65536", DOOR_OFF, NULL},
		{"127.0.0.1:99999999999", DOOR_OFF, NULL},
		{"127.0.0.1:-1", DOOR_OFF, NULL},
		{"127.1:9464", DOOR_OFF, NULL},
		{"0.0.0.0:9464", DOOR_OFF, NULL},
		{"[::]:9464", DOOR_OFF, NULL},
		{"::1:9464", DOOR_OFF, NULL},
		{"192.0.2.1:9464", DOOR_OFF, NULL},
		{"localhost:9464", DOOR_OFF, NULL},
	};
	char name[160];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct door d = {.kind = DOOR_OFF};
		struct err e = {ERR_OK, ""};

		if (door_parse(rows[i].text, &d, &e) !=
		    (rows[i].name ? ERR_OK : ERR_USAGE))
			fail_msg("'%s': %s", rows[i].text, e.msg);
		assert_int_equal(d.kind, rows[i].kind);
		door_name(&d, name);
		assert_string_equal(name, rows[i].name ? rows[i].name : "");
	}
}

static const struct ask_route routes[] = {
	{"/", GATE_PAGE, 1},
	{"/pause", GATE_CHANGE, 2},
	{NULL, GATE_OPEN, 0},
};

struct question {
	const char *method, *target, *type, *body, *token;
	int status; /* 0: to be served */
};

static int ask(struct ask *a, const struct gate *g, const struct question *q)
{
	int status;

	ask_init(a, str_of(q->method), str_of(q->target));
	ask_header(a, STR("host"), STR("localhost"));
	if (q->type)
		ask_header(a, STR("Content-Type"), str_of(q->type));
	if (q->token)
		ask_header(a, STR("Authorization"), str_of(q->token));
	status = ask_begin(a, g, routes);
	if (!status && q->body)
		status = ask_body(a, str_of(q->body));
	return status ? status : ask_end(a, g);
}

static void questions(void **state)
{
	static const char bearer[] = "Bearer " TOKEN;
	static const struct question rows[] = {
		{"GET", "/", NULL, NULL, NULL, 0},
		{"GET", "/?event_id=a%20b&x", NULL, NULL, NULL, 0},
		{"GET", "/?", NULL, NULL, NULL, 0},
		{"GET", "/nowhere", NULL, NULL, NULL, 404},
		{"GET", "/%2e", NULL, NULL, NULL, 404},
		{"GET", "//", NULL, NULL, NULL, 404},
		{"GET", "*", NULL, NULL, NULL, 404},
		{"GET", "", NULL, NULL, NULL, 404},
		{"GET", "http://localhost/", NULL, NULL, NULL, 404},
		{"GET", "/?a=%zz", NULL, NULL, NULL, 400},
		{"GET", "/?a=%00", NULL, NULL, NULL, 400},
		{"GET", "/pause", NULL, NULL, bearer, 405},
		{"POST", "/pause", FORM, "destination=shop", NULL, 401},
		{"POST", "/pause", FORM, "destination=shop", bearer, 0},
		{"POST", "/pause", FORM "; charset=utf-8", "destination=s", bearer, 0},
		{"POST", "/pause", FORM, "destination=shop&token=" TOKEN, NULL, 0},
		{"POST", "/pause", FORM, "destination=shop&token=" OTHER, NULL, 401},
		{"POST", "/pause?token=" TOKEN, FORM, "destination=shop", NULL, 401},
		{"POST", "/pause", "text/plain", "token=" TOKEN, NULL, 415},
		{"POST", "/pause", FORM "x", "token=" TOKEN, NULL, 415},
		{"POST", "/pause", NULL, "token=" TOKEN, NULL, 415},
		{"POST", "/pause", FORM, "a=%", bearer, 400},
	};
	struct gate g = gate_at("/s");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ask a;
		int status = ask(&a, &g, &rows[i]);

		if (status != rows[i].status || (status && !a.words))
			fail_msg("%s %s: %d", rows[i].method, rows[i].target, status);
		ask_fini(&a);
	}
}

static void what_is_too_long_ends(void **state)
{
	static char long_text[PARAMS_BYTES_MAX + 2];
	struct question q = {"GET", long_text, FORM, NULL, NULL, 0};
	struct gate g = gate_at("/s");
	struct ask a;

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[0] = '/';
	assert_int_equal(ask(&a, &g, &q), 414);
	ask_fini(&a);
	q = (struct question){"POST", "/pause", FORM, long_text, "Bearer " TOKEN, 0};
	assert_int_equal(ask(&a, &g, &q), 413);
	ask_fini(&a);
}

static void a_header_that_comes_twice_is_not_chosen_from(void **state)
{
	static const char *const names[] = {"Host", "origin", "AUTHORIZATION",
					    "Sec-Fetch-Site", "Sec-Fetch-Mode"};
	struct gate g = gate_at("/s");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct ask a;

		ask_init(&a, STR("GET"), STR("/"));
		ask_header(&a, STR("Host"), STR("localhost"));
		ask_header(&a, str_of(names[i]), STR("localhost"));
		if (i > 0)
			ask_header(&a, str_of(names[i]), STR_NONE);
		assert_int_equal(ask_begin(&a, &g, routes), 400);
		ask_fini(&a);
	}
}

static void params(void **state)
{
	static const struct {
		const char *text, *a, *b; /* values; NULL: not there */
		bool ok;
	} rows[] = {
		{"a=1&b=2", "1", "2", true},
		{"a=1&a=2", "2", NULL, true},
		{"a", "", NULL, true},
		{"a=&&b==x=", "", "=x=", true},
		{"%61=%3c+%E2%82%ac", "< \xe2\x82\xac", NULL, true},
		{"", NULL, NULL, true},
		{"a=%", NULL, NULL, false},
		{"a=%1", NULL, NULL, false},
		{"a=%g1", NULL, NULL, false},
		{"a=1&b=%00", NULL, NULL, false},
		{"1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", NULL, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct params p;

		assert_int_equal(params_parse(&p, str_of(rows[i].text)), rows[i].ok);
		if (!str_eq(params_get(&p, "a"), header(rows[i].a)) ||
		    !str_eq(params_get(&p, "b"), header(rows[i].b)) ||
		    (params_get(&p, "a").p == NULL) != (rows[i].a == NULL))
			fail_msg("%s", rows[i].text);
		params_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_must_be_ours),
		cmocka_unit_test(other_pages_may_not_ask),
		cmocka_unit_test(each_kind_has_its_methods),
		cmocka_unit_test(the_token_opens_what_needs_it),
		cmocka_unit_test(no_token_is_nobodys),
		cmocka_unit_test(addresses),
		cmocka_unit_test(questions),
		cmocka_unit_test(what_is_too_long_ends),
		cmocka_unit_test(a_header_that_comes_twice_is_not_chosen_from),
		cmocka_unit_test(params),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
