/* SPDX-License-Identifier: MIT
 * grant.h - what `connect` was given by TikTok, and when it has to be looked after.
 *
 * A time of refresh that is moved on is the lease: whoever moved it, in a transaction, asks
 * TikTok, nobody else before that time comes again. Until the answer is kept the intent stands
 * beside it, refresh_asked_at: at a relay's start, left by one that died.
 *
 * Owns:    nothing; grant_fini wipes. Writes run inside the caller's transaction.
 * Thread:  the connection's.
 * Errors:  those of vault.h; else the database's.
 * See:     credential.h, where it is kept sealed; run/refresh.h; docs/credentials.md. */
#ifndef STORE_GRANT_H
#define STORE_GRANT_H

#include "store/credential.h"

struct grant {
	char app_id[65];
	struct secret app_secret, token;
	struct secret refresh_token; /* empty: the token is for ever */
	int64_t life_ms;             /* of the token; 0: for ever */
	char advertisers[1024];      /* "7000,7001" */
	char currency[8];
};

void grant_fini(struct grant *g);

/* In place of everything that is kept for the destination. */
MUST_CHECK enum err_code grant_store(struct db *db, const struct vault *vault,
				     int32_t destination_id, const struct grant *g,
				     int64_t now_ms, struct err *e);

struct grant_due {
	int32_t destination_id;
	enum grant_task { GRANT_REFRESH, GRANT_REVOKE /* a note; revocation.h */ } task;
	int64_t at_ms; /* Unix time */
};

/* What is due first; secrets that do not open are passed over. A time that nobody can have put
 * so far ahead is now: the clock was set back. */
MUST_CHECK enum err_code grant_next(struct db *db, const struct vault *vault,
				    int64_t now_ms, struct grant_due *out, bool *found,
				    struct err *e);

/* Takes the task for lease_ms: fills app_id, app_secret and the (refresh) token. *taken is false
 * where it is not due any more; CORRUPT, CONFIG: a secret is missing or does not open. */
MUST_CHECK enum err_code grant_take(struct db *db, const struct vault *vault,
				    const struct grant_due *due, int64_t now_ms,
				    int64_t lease_ms, struct grant *out, bool *taken,
				    struct err *e);

/* Whether the destination still has this refresh token. */
MUST_CHECK enum err_code grant_holds(struct db *db, const struct vault *vault,
				     int32_t destination_id, const struct secret *used,
				     bool *holds, struct err *e);

/* The pair that came for `used`, a refresh token; *kept is false where the destination has
 * another grant by now, which stays. */
MUST_CHECK enum err_code grant_renew(struct db *db, const struct vault *vault,
				     int32_t destination_id, const struct secret *used,
				     const struct grant *fresh, int64_t now_ms,
				     bool *kept, struct err *e);

/* Due now: what a relay that died has asked for; the refresh of a token that TikTok refuses. */
MUST_CHECK enum err_code grant_reclaim(struct db *db, const struct vault *vault,
				       int64_t now_ms, struct err *e);
MUST_CHECK enum err_code grant_hasten(struct db *db, const struct vault *vault,
				      int32_t id, int64_t now_ms, struct err *e);

/* Looks at it again then; the intent ends. Without effect where the task is gone. */
MUST_CHECK enum err_code grant_postpone(struct db *db, const struct vault *vault,
					const struct grant_due *due, int64_t at_ms,
					struct err *e);

/* When to ask again after a failure: soon while the token lives. */
MUST_CHECK enum err_code grant_retry_ms(struct db *db, const struct vault *vault,
					int32_t id, int64_t now_ms, int64_t *at_ms,
					struct err *e);

#endif
