/* SPDX-License-Identifier: MIT
 *
 * What becomes of a payload whose members are written as shops and forms happen to write them:
 * one table per member, each row an item to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/shape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *payload; /* the members */
	const char *want;    /* what stands behind the event_id */
};

static struct scratch scratch;
static struct digest digest;
static struct buf payload, out, want;

static int set_up(void **state)
{
	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&payload, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_init(&want, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&want);
	buf_fini(&out);
	buf_fini(&payload);
	digest_fini(&digest);
	scratch_fini(&scratch);
	return 0;
}

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
	buf_clear(&want);
	buf_addf(&payload, "{%s}", r->payload);
	buf_addf(&want,
		 "{\"event\":\"Purchase\",\"event_time\":1700000000,\"event_id\":\"id\"%"
		 "s%s}",
		 *r->want ? "," : "", r->want);
	row.payload = buf_str(&payload);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	assert_int_equal(shape(&c, &dec, d, NULL, STR("id"), &digest, &scratch, &out),
			 REASON_NONE);
	assert_string_equal(buf_z(&out), buf_z(&want));
}

#define DEVICES                                                                          \
	"idfa=EA7583CD&_ttp=abc&external_id=u1&userId=3&user[external_id]=4&user_agent=" \
	"Moz"                                                                            \
	"&r=%2Fx%3Fgaid%3D1&"
#define PAGE(url, referrer)                                                              \
	"\"page\":{\"url\":\"https://s.example/" url                                     \
	"\",\"referrer\":\"https://s.example/" referrer "\"}"

/* The address stays without the consent to identifiers, the identifiers in it do not. */
static void names_nobody_in_addresses_without_consent(void **state)
{
	static const struct row denied = {PAGE("t?" DEVICES "ttclid=E.C.P.1&b=2",
					       "t;idfv=1?ua=x&q=1#a"),
					  "\"user\":{\"ttclid\":\"E.C.P.1\"}," PAGE(
						  "t?ttclid=E.C.P.1&b=2", "t;?q=1")},
				granted = {
					PAGE("t?" DEVICES "b=2", "t;idfv=1?ua=x&q=1#a"),
					PAGE("t?" DEVICES "b=2", "t;idfv=1?ua=x&q=1")};
	const struct destination_rules hashed = {.source = SOURCE_WEB,
						 .pii_hashed = true};
	const struct destination_rules none = {.source = SOURCE_WEB};

	(void)state;
	expect(&denied, &hashed, false);
	expect(&denied, &none, true);
	expect(&granted, &hashed, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_nobody_in_addresses_without_consent),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
