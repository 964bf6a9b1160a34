/* SPDX-License-Identifier: MIT
 * site.h - a destination while the relay runs: its slots, and whether it waits.
 *
 *     OPEN --(a fault of the destination's)--> BLOCKED --(time, or a new token)--> PROBING
 *      ^                                          ^                                 |
 *      +------------(delivered)-------------------|---------------------------------+
 *                                                 +---------(any fault)-------------+
 *
 * BLOCKED nothing is sent; rows wait and spend nothing. PROBING one request may be under way.
 *
 * Owns:    the token, wiped by site_fini.
 * Thread:  the loop's; pure but for the two clocks' values, which the caller gives.
 * Errors:  none.
 * See:     core/backoff.h; run/relay.c, who asks. */
#ifndef RUN_SITE_H
#define RUN_SITE_H

#include "core/secret.h"
#include "core/verdict.h"
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
	uint16_t batch;
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
	double requests_per_second;
	bool paused;  /* by a person */
	bool removed; /* from the configuration */
	struct secret token;
	bool has_token;

	enum site_state state;
	enum reason reason;  /* while not OPEN */
	uint64_t blocked_ms; /* monotonic: since */
	uint64_t until_ms;   /* monotonic: when to probe */
	int failures;        /* requests in a row that failed */
	char last_error[256];
	bool error_stored;
	enum reason logged; /* what the log last said of it */
	bool changed;       /* reason or last_error are to be stored */
	enum reason stored; /* the reason that the file has, if nobody has cleared it */

	int under_way;          /* requests */
	uint64_t next_start_ms; /* monotonic: by requests_per_second */
	int64_t due_ms;         /* wall: the next waiting row; 0: none known */
	bool reading_due;       /* a lot of waiting rows is being read or admitted */
	bool bounced;           /* … and came back: visits were to be ingested first */
	int64_t parked;         /* rows parked since it was blocked */
	struct site_plan plan;
};

/* Whether a request may start now. */
bool site_may_send(const struct site *s, uint64_t now_ms);

/* Whether rows for it should wait in the queue. */
static inline bool site_waits(const struct site *s)
{
	return s->paused || s->state != SITE_OPEN;
}

/* BLOCKED and its time has come: now PROBING. */
void site_wake(struct site *s, uint64_t now_ms);

/* What the end of a request, started at started_ms, means for the destination. */
void site_judge(struct site *s, const struct site_limits *limits, enum verdict verdict,
		int64_t retry_after_ms, uint64_t started_ms, uint64_t now_ms,
		uint64_t random);

/* A configuration with a token that differs opens what waited for one. */
void site_set_token(struct site *s, const struct secret *token, uint64_t now_ms);

/* It waited for a person when the last relay ended, and nobody has acted: one probe. */
void site_resume(struct site *s, enum reason reason, uint64_t now_ms);

/* A person has acted: what waited for that goes on. */
void site_try_again(struct site *s);
void site_fini(struct site *s);

#endif
