/* SPDX-License-Identifier: MIT
 *
 * What did not come out of a payload may be any bytes, and the event is JSON all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json_string.h"
#include "core/shape.h"

enum { ROUNDS = 20000, TEXT_MAX = 40 };

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Text, and now and then a byte, or a cut character, that is none. */
static struct str some_text(const char *front, char room[TEXT_MAX])
{
	static const struct str pieces[] = {
		{"a", 1},        {"/", 1},        {"?ttclid=", 8}, {"&q=", 3},
		{"\"", 1},       {"\\", 1},       {"\n", 1},       {" ", 1},
		{"\xc3\xa9", 2}, {"\xe9", 1},     {"\xc3", 1},     {"\xf0\x9f\x98", 3},
		{"\0", 1},       {"\xc0\xaf", 2}, {"%E9", 3},      {"\xed\xa0\xbd", 3},
	};
	size_t len = strlen(front);

	memcpy(room, front, len);
	for (uint32_t n = chance(8); n > 0; n--) {
		const struct str *piece = &pieces[chance(16)];

		if (len + piece->len <= TEXT_MAX) {
			memcpy(room + len, piece->p, piece->len);
			len += piece->len;
		}
	}
	return str_make(room, len);
}

static uint32_t member(const struct json *j, const char *object, const char *name)
{
	uint32_t at = json_find(j, 0, str_of(object));

	return at == JSON_NONE ? at : json_find(j, at, str_of(name));
}

/* It is sent, to the letter, where JSON can say it. */
static void expect_text(const struct json *j, struct str text, const char *name)
{
	uint32_t at = member(j, "user", name);
	struct buf said;
	bool sends = json_can_say(text) && str_trim(text).len > 0;

	if (sends != (at != JSON_NONE))
		fail_msg("%s: %.*s", name, STR_ARG(j->text));
	if (!sends)
		return;
	buf_init(&said, 1 << 10);
	json_unescape(j, at, &said);
	assert_true(str_eq(buf_str(&said), str_trim(text)));
	buf_fini(&said);
}

static void any_bytes_make_json(void **state)
{
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	const struct decision dec = {.event = &entry,
				     .event_time = 1700000000,
				     .limited_data_use = -1,
				     .pii = true};
	const struct outbox_row row = {.event = STR("purchase"), .payload = STR("{}")};
	struct destination_rules d = {.source = SOURCE_WEB, .pii_hashed = true};
	struct scratch scratch;
	struct digest digest;
	struct buf out;
	struct json json;

	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&out, 1 << 20);
	json_init(&json);
	for (int i = 0; i < ROUNDS; i++) {
		char room[6][TEXT_MAX];
		struct enrichment e = {
			.page_url = some_text("https://x.de/", room[0]),
			.referrer = some_text("https://r.de/", room[1]),
			.ttclid = some_text("T", room[2]),
			.ttp = some_text("p", room[3]),
			.ip = some_text("", room[4]),
			.user_agent = some_text("U", room[5]),
		};
		struct conversion c;

		/* What is asked without consent to who it was scrubs more. */
		d.pii_hashed = chance(4) > 0;
		buf_clear(&out);
		assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
		assert_int_equal(
			shape(&c, &dec, &d, &e, STR("id"), &digest, &scratch, &out),
			REASON_NONE);
		if (json_scan(&json, buf_str(&out)) != JSON_OK)
			fail_msg("round %d: %.*s", i, STR_ARG(buf_str(&out)));
		assert_true(member(&json, "page", "url") != JSON_NONE);
		assert_true(member(&json, "page", "referrer") != JSON_NONE);
		if (d.pii_hashed)
			expect_text(&json, e.user_agent, "user_agent");
	}
	json_fini(&json);
	buf_fini(&out);
	digest_fini(&digest);
	scratch_fini(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes_make_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
