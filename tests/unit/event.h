/* SPDX-License-Identifier: MIT
 * event.h - the event that a payload becomes, and what a test of it and of redaction needs.
 *
 * Owns:    its buffers, from event_set_up to event_tear_down.
 * Thread:  one.
 * Errors:  fail the test. */
#ifndef TESTS_UNIT_EVENT_H
#define TESTS_UNIT_EVENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/redact.h"
#include "core/shape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct scratch scratch;
static struct digest digest;
static struct buf payload, out, other;

static int event_set_up(void **state)
{
	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&payload, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_init(&other, 1 << 20);
	return 0;
}

static int event_tear_down(void **state)
{
	(void)state;
	buf_fini(&other);
	buf_fini(&out);
	buf_fini(&payload);
	digest_fini(&digest);
	scratch_fini(&scratch);
	return 0;
}

/* A web purchase of this payload, into `event`. */
static void event_make(struct str text, bool hashed, struct buf *event)
{
	const struct destination_rules d = {.source = SOURCE_WEB, .pii_hashed = hashed};
	static const struct event_map_entry entry = {.tiktok_event = {"Purchase", 8}};
	const struct decision dec = {.event = &entry,
				     .event_time = 1700000000,
				     .limited_data_use = -1,
				     .pii = true};
	struct outbox_row row = {.event = STR("purchase"), .payload = text};
	struct conversion c;

	buf_clear(event);
	assert_int_equal(conversion_read(&c, &row, &scratch), REASON_NONE);
	assert_int_equal(shape(&c, &dec, &d, NULL, STR("id"), &digest, &scratch, event),
			 REASON_NONE);
}

#endif
