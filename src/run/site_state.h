/* SPDX-License-Identifier: MIT
 * site_state.h - what the relay knows of a destination; see site.h for its states.
 *
 * Owns:    the token.
 * Thread:  the loop's.
 * Errors:  none. */
#ifndef RUN_SITE_STATE_H
#define RUN_SITE_STATE_H

#include "core/secret.h"
#include "core/verdict.h"
#include "run/metrics.h"
#include "store/config.h"

#define SITE_SLOTS 8            /* requests under way at once */
#define SITE_FOREVER UINT64_MAX /* until a person acts */
#define CIRCUIT_FAILURES 5      /* in a row, then the circuit opens */

enum site_state { SITE_OPEN, SITE_BLOCKED, SITE_PROBING };

struct site_limits {
	int64_t retry_base_ms, retry_cap_ms;
};

/* What a load being admitted does with the destination; admission.c's own. */
struct site_plan {
	int use;
	uint32_t batch;
	int events;
	size_t bytes;
};

struct site {
	int32_t id;
	char name[64];
	enum event_source source;
	char pixel_id[128];
	char test_event_code[64];
	int batch;
	int ceiling; /* of a batch, as large ones did not get through; 0: none */
	double requests_per_second;
	bool paused;  /* by a person */
	bool removed; /* from the configuration */
	struct secret token;
	bool has_token;
	bool unproven;             /* the token has met no answer yet */
	uint64_t renewed_ms;       /* monotonic: since when a person's last word counts */
	bool renewal_due;          /* TikTok refused the token: it is to be refreshed */
	bool renewal_asked;        /* … once, whatever came of it */
	uint64_t renewal_ms;       /* monotonic: when that was last, for any token */
	int64_t cancelled_through; /* rows up to here were given up (store/disconnect.h) */
	bool give_up_again;        /* the database would not take it */

	enum site_state state;
	enum reason reason;  /* while not OPEN */
	uint64_t blocked_ms; /* monotonic: since */
	uint64_t until_ms;   /* monotonic: when to probe */
	uint64_t told_ms;    /* monotonic: TikTok has asked for quiet till then */
	int failures;        /* requests in a row that failed */
	char last_error[256];
	bool error_stored;
	enum reason logged;             /* what the log last said of it, */
	bool said_paused, said_removed; /* and of what a person did */
	bool changed;                   /* reason or last_error are to be stored */
	enum reason stored; /* the reason that the file has, if nobody has cleared it */

	int under_way;          /* requests */
	uint64_t next_start_ms; /* monotonic: by requests_per_second */
	int opening;            /* requests whose admission is being stored */
	int64_t due_ms;         /* wall: the next waiting row; 0: none known */
	bool reading_due;       /* a lot of waiting rows is being read or admitted */
	bool bounced;           /* … and came back: visits were to be ingested first */
	int64_t parked;         /* rows parked since it was blocked */
	struct site_plan plan;
	struct site_metrics metrics;
};

#endif
