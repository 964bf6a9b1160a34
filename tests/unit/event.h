/* SPDX-License-Identifier: MIT
 * event.h - the event that a payload becomes, for tests of it and of redaction.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  fail the test. */
#ifndef TESTS_UNIT_EVENT_H
#define TESTS_UNIT_EVENT_H

#include "core/redact.h"
#include "shaping.h"

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
