/* SPDX-License-Identifier: MIT
 * site.h - a destination while the relay runs: its slots, and whether it waits.
 *
 *     OPEN --(a fault of the destination's)--> BLOCKED --(time, or a new token)--> PROBING
 *      ^                                          ^                                 |
 *      +------------(delivered)-------------------|---------------------------------+
 *                                                 +---------(any fault)-------------+
 *
 * BLOCKED nothing is sent; rows wait and spend nothing. PROBING one request may be under way,
 * and so it is while nothing was answered to the token yet.
 *
 * Owns:    the token, wiped by site_fini.
 * Thread:  the loop's; pure but for the two clocks' values, which the caller gives.
 * Errors:  none.
 * See:     core/backoff.h; run/relay.c, who asks. */
#ifndef RUN_SITE_H
#define RUN_SITE_H

#include "run/site_state.h"

/* Whether a request may start now; or may be opened for what is new, behind those that are
 * being opened and what has waited. */
bool site_may_send(const struct site *s, uint64_t now_ms);
bool site_may_open(const struct site *s, uint64_t now_ms);

/* Whether rows for it should wait in the queue. */
static inline bool site_waits(const struct site *s)
{
	return s->paused || s->state != SITE_OPEN;
}

/* Rows up to here do not go on waiting: it was disconnected, and has no other token yet. */
static inline int64_t site_gave_up(const struct site *s)
{
	return s->has_token ? 0 : s->cancelled_through;
}

/* Events of one request: fewer than configured while large ones do not get through, and one
 * to see whether a circuit may close. Then what became of a request's size. */
int site_batch(const struct site *s);
void site_learn_size(struct site *s, enum verdict verdict, int events, bool cut_short);

/* BLOCKED and its time has come: now PROBING. */
void site_wake(struct site *s, uint64_t now_ms);

/* The refusal of a token that has been refreshed, replaced or taken away since: it says
 * nothing of the one there is now. */
bool site_is_outdated(const struct site *s, enum verdict verdict, uint64_t started_ms);

/* What the end of a request, started at started_ms, means for the destination. */
void site_judge(struct site *s, const struct site_limits *limits, enum verdict verdict,
		int64_t retry_after_ms, uint64_t started_ms, uint64_t now_ms,
		uint64_t random);

/* TikTok refuses the token: whether its refresh is to be asked for now. Once for a token, and
 * not again for the next ones where each is refused as soon as it comes. */
bool site_wants_renewal(struct site *s, uint64_t now_ms);

/* A configuration with a token that differs opens what waited for one. */
void site_set_token(struct site *s, const struct secret *token, uint64_t now_ms);

/* It waited for a person, or as long as TikTok had said, when the last relay ended, and nobody
 * has acted: the next probe is when it was going to be. */
void site_resume(struct site *s, enum reason reason, int64_t wait_ms, uint64_t now_ms);

/* A person has mended it, as by a token: what waited for that goes on, but for a quiet that TikTok
 * has asked for. */
void site_try_again(struct site *s, uint64_t now_ms);
/* A person wants it sent: whatever it waits for but a token, also a quiet. */
void site_go_on(struct site *s, uint64_t now_ms);
/* A person has cleared the reason in the file: mended, where that was a person's to mend, else
 * wants it sent. */
void site_cleared(struct site *s, uint64_t now_ms);
void site_fini(struct site *s);

#endif
