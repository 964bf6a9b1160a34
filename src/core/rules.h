/* SPDX-License-Identifier: MIT
 * rules.h - what a destination asks for: the settings a decision depends on.
 *
 * Owns:    nothing; the zone is borrowed from whoever made the rules.
 * Thread:  read by all workers.
 * Errors:  none. */
#ifndef CORE_RULES_H
#define CORE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum event_source { SOURCE_WEB = 1, SOURCE_APP, SOURCE_OFFLINE, SOURCE_CRM };

enum deliver { DELIVER_ALL = 1, DELIVER_ATTRIBUTED, DELIVER_ONLY_WON };

enum attribution_model {
	MODEL_LAST_NON_DIRECT = 1,
	MODEL_FIRST,
	MODEL_LAST,
	MODEL_LINEAR,
	MODEL_POSITION,
	MODEL_TIME_DECAY
};

struct zone;

struct destination_rules {
	int32_t id;
	char name[64];
	enum event_source source;
	char pixel_id[128];
	char test_event_code[64];
	char default_country[3]; /* ISO 3166 alpha-2, or "" */
	char default_url[2048];  /* or "" */
	bool pii_hashed;         /* false: --pii none */
	bool consent_strict;
	enum deliver deliver;
	enum attribution_model model;
	int32_t click_window_days, view_window_days;
	struct zone *zone; /* the account's; NULL: UTC */
	char zone_name[128];
};

/* "web", "app", "offline", "crm". */
const char *source_word(enum event_source source);
bool source_of_word(struct str word, enum event_source *out);

#endif
