/* SPDX-License-Identifier: MIT
 * refresh.h - looks after the grants while the relay runs: a new pair at 80 % of a token's
 * life, and revocations that have not reached TikTok yet.
 *
 *     LOOKING --due: its lease is durable--> ASKING --answer--> KEEPING --durable--> LOOKING
 *        \------------- nothing is due: a timer, or a changed configuration ----------/
 *
 * One request at a time. The lease and the intent, durable before the request, keep other
 * processes away and tell the next relay what this one has asked; a lost answer or a passing
 * fault changes nothing but the time of the next try.
 *
 * Owns:    its timer, its job and its request, from refresh_open to refresh_close.
 * Thread:  the loop's; the job's work on the writer's.
 * Errors:  are logged.
 * See:     store/grant.h; docs/credentials.md. */
#ifndef RUN_REFRESH_H
#define RUN_REFRESH_H

#include "net/oauth.h"
#include "run/lane.h"
#include "store/grant.h"

struct relay;
struct site;

struct refresh {
	struct job job;
	struct relay *relay;
	uv_timer_t timer;
	bool busy, again;
	bool asking;      /* the request is under way */
	bool reclaimed;   /* what a relay before had asked for */
	int32_t hastened; /* the destination whose token was refused; 0: none */
	struct grant_due due;
	bool found, taken, opened; /* opened: there was a key to look with */
	struct grant grant;        /* what was taken */
	struct grant fresh;        /* what came for it */
	struct oauth_app app;
	struct oauth oauth;
	enum refresh_outcome {
		REFRESH_DONE,
		REFRESH_REFUSED,
		REFRESH_FAILED,
	} outcome;
	bool kept; /* the new pair */
	char error[sizeof(((struct err *)0)->msg)];
};

struct refresh *refresh_open(struct relay *r);

/* The configuration has changed, or has been read for the first time. */
void refresh_look(struct refresh *f);

/* TikTok refused the destination's token, which may have a refresh token. */
void refresh_refused(struct refresh *f, struct site *s, const struct answer *answer);

/* Ends a request that is under way: its answer counts as lost. */
void refresh_abort(struct refresh *f);

/* No request may be under way (relay.jobs counts it); frees `f` (relay.to_close counts). */
void refresh_close(struct refresh *f);

#endif
