/* SPDX-License-Identifier: MIT
 * zone_rules.h - the machine's own tz database (tzdata's /usr/share/zoneinfo, or TZDIR) by
 * Abseil's time library, behind C functions: ICU carries a copy, which Debian leaves as old as
 * the library is while governments go on changing their clocks.
 *
 * Owns:    one small object per zone; what was read of the files is kept until the process
 *          ends, so no later fault counts, and a newer tzdata from the next start.
 * Thread:  any.
 * Errors:  NULL with errno: ENOENT for a name that the database does not have, else why its
 *          file cannot be read now.
 * See:     core/time_zone.h, which everybody asks. */
#ifndef CORE_ZONE_RULES_H
#define CORE_ZONE_RULES_H

#include <stdint.h>

struct zone_rules;

#ifdef __cplusplus
extern "C" {
#endif

/* `name` has letters, digits and "/_+-" only: it becomes a path. */
struct zone_rules *zone_rules_open(const char *name);
void zone_rules_free(struct zone_rules *r);

/* Seconds east of UTC at an instant, and the interval from <= t < until in which they hold;
 * INT64_MIN and INT64_MAX where it has no end. */
int32_t zone_rules_offset(const struct zone_rules *r, int64_t unix_s, int64_t *from,
			  int64_t *until);

/* Unix seconds of a local time, which `local_s` would be if the zone were UTC. One that a
 * change skips is moved forward by the gap; of one that comes twice the earlier is meant. */
int64_t zone_rules_instant(const struct zone_rules *r, int64_t local_s);

#ifdef __cplusplus
}
#endif

#endif
