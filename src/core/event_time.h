/* SPDX-License-Identifier: MIT
 * event_time.h - a producer's time, in whatever form it was written, as Unix seconds.
 *
 * Owns:    nothing.
 * Thread:  any; the zone is used by one at a time.
 * Errors:  none; false where it is no time.
 * See:     core/time_zone.h. */
#ifndef CORE_EVENT_TIME_H
#define CORE_EVENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct zone;

enum event_time_kind {
	EVENT_TIME_NONE,
	EVENT_TIME_INTEGER,
	EVENT_TIME_REAL,
	EVENT_TIME_TEXT
};

struct event_time {
	enum event_time_kind kind;
	int64_t integer;
	double real;
	struct str text;
};

/* The first second of the year 10000. */
#define EVENT_TIME_END INT64_C(253402300800)

/* A number is seconds below 10^11, milliseconds below 10^14, microseconds below 10^17,
 * else nanoseconds; parts of a second are cut off. A text is such a number or ISO 8601,
 * extended or basic, a date alone being its midnight; without an offset it is local time
 * in `local` (NULL: UTC). 0 <= *unix_s < EVENT_TIME_END. */
bool event_time_resolve(const struct event_time *in, struct zone *local, int64_t *unix_s);

/* A text that is read in `local`. False for what is no time at all. */
bool event_time_needs_zone(const struct event_time *in);

#endif
