/* SPDX-License-Identifier: MIT
 * time_zone.h - local time and UTC by the machine's tz database; TZ is never set.
 *
 * Owns:    the rules of a zone (zone_rules.h); a lookup between the same two transitions as
 *          the last one does not ask them.
 * Thread:  one at a time; each worker opens its own.
 * Errors:  CONFIG a name that is no zone; IO a zone that cannot be read now. */
#ifndef CORE_TIME_ZONE_H
#define CORE_TIME_ZONE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct zone;

/* The proleptic Gregorian calendar; every field in its usual range, second 60 being the
 * next minute's first. */
struct civil {
	int32_t year; /* 1..9999 */
	int32_t month, day, hour, minute, second;
};

/* "UTC", "Europe/Berlin", "Etc/GMT-8" (which is eight hours *ahead* of UTC). Case
 * matters. NULL on an error. */
struct zone *zone_open(const char *name, struct err *e) MUST_CHECK;
void zone_free(struct zone *z);

/* Seconds east of UTC at an instant. Here and below, NULL is UTC. */
int32_t zone_offset(struct zone *z, int64_t unix_s);

/* Unix seconds of a local time. One that a clock change skips is moved forward by the
 * gap; of one that comes twice the earlier is meant. */
int64_t zone_from_civil(struct zone *z, const struct civil *c);

/* The same without a zone. */
int64_t civil_to_unix(const struct civil *c);

/* "2025-11-02T01:30:00-04:00"; UTC is +00:00. */
void civil_format(int64_t unix_s, int32_t offset_s, struct buf *out);

#endif
