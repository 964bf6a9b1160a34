/* SPDX-License-Identifier: MIT
 *
 * What is asked of each of many members costs no more for what stands around them: a row takes
 * minutes otherwise, and producers wait for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "core/redact.h"
#include "core/shape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { NAME = 300000, TOKENS = 120000 };

/* A property: a long name stands between the head and what is behind it. */
static const struct {
	const char *head, *behind, *member;
	int tokens; /* of a member */
} rows[] = {
	{"", "\":{\"email\":\"a@x.de\"", ",\"name\":1", 2},
	{"f\":{\"email\":\"a@x.de\",\"", "\":1", ",\"value\":1", 2},
	{"f\":{\"name\":\"", "\",\"email\":\"a@x.de\"", ",\"value\":1", 2},
	{"f\":{\"label\":\"", "\",\"email\":\"a@x.de\"",
	 ",\"value\":{\"value\":1,\"key\":2}", 6},
};

static void make(size_t i, struct buf *payload)
{
	buf_clear(payload);
	buf_adds(payload, STR("{\"properties\":{\""));
	buf_adds(payload, str_of(rows[i].head));
	for (int k = 0; k < NAME; k++)
		buf_addc(payload, 'k');
	buf_adds(payload, str_of(rows[i].behind));
	for (int k = 0; k < TOKENS; k += rows[i].tokens)
		buf_adds(payload, str_of(rows[i].member));
	buf_adds(payload, STR("}}}"));
}

static enum reason shape_it(struct str payload, struct scratch *s, struct digest *dg,
			    struct buf *out)
{
	static const struct destination_rules d = {.source = SOURCE_OFFLINE};
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	const struct decision dec = {
		.event = &entry, .event_time = 1700000000, .limited_data_use = -1};
	struct outbox_row row = {.event = STR("purchase"), .payload = payload};
	struct conversion c;

	assert_int_equal(conversion_read(&c, &row, s), REASON_NONE);
	assert_true(redact_needed(&c, s));
	buf_clear(out);
	return shape(&c, &dec, &d, NULL, STR("id"), dg, s, out);
}

static void takes_no_longer_for_what_is_around(void **state)
{
	struct scratch scratch;
	struct digest digest;
	struct buf payload, out;

	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&payload, PAYLOAD_MAX);
	buf_init(&out, 2 * (size_t)PAYLOAD_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		clock_t before = clock();

		make(i, &payload);
		assert_int_equal(
			redact_payload(buf_str(&payload), "", &scratch, &digest, &out),
			REDACT_DONE);
		assert_int_equal(shape_it(buf_str(&payload), &scratch, &digest, &out),
				 REASON_NONE);
		assert_true(clock() - before < 5 * CLOCKS_PER_SEC);
	}
	buf_fini(&out);
	buf_fini(&payload);
	digest_fini(&digest);
	scratch_fini(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_no_longer_for_what_is_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
