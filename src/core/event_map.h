/* SPDX-License-Identifier: MIT
 * event_map.h - which of the producer's events are sent, and under what name.
 *
 * Owns:    its rows, copied by event_map_new; not changed until event_map_free.
 * Thread:  any number of readers.
 * Errors:  none; a name that is not mapped is an expected outcome. */
#ifndef CORE_EVENT_MAP_H
#define CORE_EVENT_MAP_H

#include <stdint.h>

#include "base/nearest.h"
#include "core/rules.h"

struct event_map_row {
	struct str event;       /* the producer's name */
	int32_t destination_id; /* 0: all of them */
	struct str tiktok_event;
	int64_t name_id; /* the caller's number for tiktok_event */
};

struct event_map_entry {
	struct str event;
	struct str tiktok_event;
	int32_t destination_id;
	int64_t name_id; /* 0: a standard name that stands for itself */
};

/* A later row wins over an earlier one of the same event and destination. */
struct event_map *event_map_new(const struct event_map_row *rows, size_t count);
void event_map_free(struct event_map *map);

/* Exact for the destination, exact for all, folded for the destination, folded for all,
 * then a standard name itself. NULL: not mapped. Valid until event_map_free. */
const struct event_map_entry *event_map_find(const struct event_map *map,
					     int32_t destination_id, struct str event);

/* The same for a destination of source app: where a row for all destinations says what only web
 * events are called, what app events are called then (Registration for CompleteRegistration). */
const struct event_map_entry *
event_map_find_app(const struct event_map *map, int32_t destination_id, struct str event);

/* Whether two names are of two events: some destination is sent both, and none both under one name. */
bool event_map_are_two(const struct event_map *map, struct str a, struct str b);

/* What `init` ships: the common names of GA4, Segment and Shopify. */
struct event_map_default {
	const char *event, *tiktok_event;
};
extern const struct event_map_default event_map_defaults[];
extern const size_t event_map_defaults_count;

/* One of TikTok's own names, for this source; case matters. */
bool event_is_standard(struct str tiktok_event, enum event_source source);

/* The i-th of them, for any source; NULL behind the last. */
const char *event_standard_name(size_t i);

/* Offers TikTok's own names, those of apps too. */
void event_offer_standard(struct nearest *near);

/* NULL for a name in use; for a retired one what replaces it, "" where nothing does. */
const char *event_retired(struct str tiktok_event);

#endif
