/* SPDX-License-Identifier: MIT
 * route.h - the paths, and the work behind each.
 *
 * Owns:    nothing; the exchange is the server's.
 * Thread:  any, one for each connection; each answer takes the sandbox's lock itself.
 * Errors:  none; what is wrong with a request is its answer.
 * See:     route.c, the table. */
#ifndef SANDBOX_ROUTE_H
#define SANDBOX_ROUTE_H

#include "sandbox.h"

struct route {
	const char *method;
	const char *path;
	bool is_track; /* faults, numbers and the ledger are for these */
	void (*answer)(struct sandbox *s, struct exchange *x);
};

/* NULL where there is none: TikTok's gateway answers in plain text then. */
const struct route *route_find(const char *method, const char *path);

/* POST /open_api/v1.3/event/track/ */
void track_answer(struct sandbox *s, struct exchange *x);

/* What a person and an app ask for on the way to a token */
void oauth_portal(struct sandbox *s, struct exchange *x);
void oauth_access_token(struct sandbox *s, struct exchange *x);
void oauth_refresh_token(struct sandbox *s, struct exchange *x);
void oauth_revoke_token(struct sandbox *s, struct exchange *x);
void oauth_advertisers(struct sandbox *s, struct exchange *x);
void oauth_advertiser_info(struct sandbox *s, struct exchange *x);
void oauth_pixels(struct sandbox *s, struct exchange *x);

/* Refuses, in words that repeat the secret that was sent where `echo` asks for that. */
void oauth_refuse(const struct oauth *o, struct exchange *x, int status, int code,
		  const char *why, const char *sent);

/* /sandbox/…, for tests */
void control_fault(struct sandbox *s, struct exchange *x);
void control_token(struct sandbox *s, struct exchange *x);
void control_oauth(struct sandbox *s, struct exchange *x);
void control_grants(struct sandbox *s, struct exchange *x);
void control_stats(struct sandbox *s, struct exchange *x);
void control_reset(struct sandbox *s, struct exchange *x);

#endif
