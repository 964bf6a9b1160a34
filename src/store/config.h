/* SPDX-License-Identifier: MIT
 * config.h - the configuration as one reading found it: destinations, event map
 * and routes.
 *
 * Owns:    everything in it, from config_load to config_free; never changed in between.
 * Thread:  one reader at a time (the zones keep caches).
 * Errors:  CONFIG a row that this binary cannot read; else the database's.
 * See:     schema/schema.sql (destination, event_map, route, setting). */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include "core/event_map.h"
#include "core/rules.h"
#include "store/routes.h"

#define DESTINATION_ID_MAX 1023

struct destination_config {
	struct destination_rules rules;
	int batch;                  /* events a request, 1..1000 */
	double requests_per_second; /* 0: no limit */
	bool paused;                /* by a person */
	int reason;                 /* enum reason why it waits, 0: it does not */
	int64_t blocked_until_ms;   /* Unix time of the next probe; 0: none on its own */
	int64_t cancelled_through;  /* rows up to here were given up (disconnect.h) */
};

struct config {
	int64_t version; /* of setting config_version, when it was read */
	struct destination_config *destinations; /* without removed ones, by id */
	size_t count;
	bool zones_differ; /* among them */
	struct event_map *map;
	struct event_map_row *names; /* event_name: tiktok_event and name_id */
	size_t names_count;
	char *text; /* what the rows point into */
	struct routes routes;
};

MUST_CHECK enum err_code config_load(struct db *db, struct config **out, struct err *e);
void config_free(struct config *config);

/* The event map alone; for event_map_free. */
MUST_CHECK enum err_code config_load_map(struct db *db, struct event_map **out,
					 struct err *e);

/* The version in the file now. */
MUST_CHECK enum err_code config_version(struct db *db, int64_t *out, struct err *e);

/* NULL where there is none. */
const struct destination_config *config_destination(const struct config *config,
						    int32_t id);

/* Where a phone number without a country code is read; "" where no destination says. */
const char *config_country(const struct config *config);

/* The number of a TikTok name; 0 where it has none yet. */
int64_t config_name_id(const struct config *config, struct str tiktok_event);

#endif
