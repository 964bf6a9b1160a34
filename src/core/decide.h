/* SPDX-License-Identifier: MIT
 * decide.h - may this conversion go to this destination, and as what: event map, time,
 * consent.
 *
 * Owns:    nothing.
 * Thread:  any; the destination's zone is used by one at a time.
 * Errors:  none; what may not go has a reason.
 * See:     core/route.h and core/attribution.h, which the caller asks next. */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H

#include "core/consent.h"
#include "core/conversion.h"
#include "core/event_map.h"
#include "core/rules.h"

#define FUTURE_MAX_S (5 * 60)
#define AGE_MAX_S (28 * 24 * 60 * 60)
#define ENRICHMENT_IDS 5

/* What is known from elsewhere; everything may be empty. Identifiers are plain or
 * 64 hex digits. */
struct enrichment {
	struct str page_url, referrer, ttclid, ttp, ip, user_agent; /* the session's */
	struct str emails[ENRICHMENT_IDS], phones[ENRICHMENT_IDS];  /* the person's */
	struct str external_id;
	struct consent consent;   /* the person's latest; `stated` is false for none */
	struct consent withdrawn; /* denied since: the payload cannot grant it */
	bool has_credit;
	double credit; /* 0..1, the share that TikTok's touches earned */
};

struct decision {
	enum reason reason; /* REASON_NONE: it may go */
	const struct event_map_entry *event;
	int64_t event_time; /* Unix seconds */
	int32_t utc_offset_s;
	signed char limited_data_use; /* 1, 0; -1: the source has none */
	bool pii;                     /* ad_user_data is GRANTED */
	struct consent consent;
};

/* Told of every step, in order, with a word or a sentence for a person. */
struct trace {
	void (*line)(void *arg, const char *step, const char *text);
	void *arg;
};

/* now_ms 0: the row was sent before, and its time accepted then. `e` and `t` may be NULL. After a reason, what was decided before it stands in `out`
 * and the rest is zero. */
void decide_traced(const struct conversion *c, const struct destination_rules *d,
		   const struct event_map *map, const struct enrichment *e,
		   int64_t now_ms, struct decision *out, const struct trace *t);

static inline void decide(const struct conversion *c, const struct destination_rules *d,
			  const struct event_map *map, const struct enrichment *e,
			  int64_t now_ms, struct decision *out)
{
	decide_traced(c, d, map, e, now_ms, out, NULL);
}

/* What the payload says, as a whole, else what `e` says; of a statement made behind the row
 * what it denies counts in any case. `stated` is false where neither says anything. */
void consent_of(const struct conversion *c, const struct enrichment *e,
		struct consent *out);

#endif
