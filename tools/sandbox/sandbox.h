/* SPDX-License-Identifier: MIT
 * sandbox.h - what the sandbox knows while it runs, and the work behind its paths.
 *
 * Owns:    faults, tokens, the ledger and what was stored, from sandbox_open to
 *          sandbox_close.
 * Thread:  any, one for each connection; `lock` guards all that changes.
 * Errors:  those of ledger_open.
 * See:     route.c, the table of paths; server.h, who calls them. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dedup.h"
#include "exchange.h"
#include "fault_list.h"
#include "ledger.h"
#include "oauth.h"
#include "token.h"

#define CODES_MAX 64

struct stats {
	uint64_t requests, events, fresh, duplicate, test_events, bytes;
	struct {
		int code; /* -1: no answer with a code */
		uint64_t count;
	} codes[CODES_MAX];
	size_t code_count;
};

struct sandbox {
	/* set before the first request */
	const char **pixels;
	size_t pixel_count; /* 0: every event source exists */
	bool strict_hash;
	bool quiet;
	bool tls;
	int stop_fd; /* an eventfd, readable once the sandbox stops */

	pthread_mutex_t lock;
	struct fault_list faults;
	struct token_list tokens;
	struct oauth oauth;
	struct ledger ledger;
	struct dedup seen, seen_test; /* test events are apart */
	struct stats stats;
	bool broken; /* the ledger cannot be written: main ends the sandbox */
};

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

/* /sandbox/…, for tests */
void control_fault(struct sandbox *s, struct exchange *x);
void control_token(struct sandbox *s, struct exchange *x);
void control_oauth(struct sandbox *s, struct exchange *x);
void control_grants(struct sandbox *s, struct exchange *x);
void control_stats(struct sandbox *s, struct exchange *x);
void control_reset(struct sandbox *s, struct exchange *x);

/* Puts the request into the statistics and the ledger, once; false where the ledger
 * cannot be written. Takes the lock. */
bool sandbox_record(struct sandbox *s, struct exchange *x);

#endif
