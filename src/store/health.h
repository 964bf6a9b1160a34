/* SPDX-License-Identifier: MIT
 * health.h - what can be asked of a database about itself.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's. */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "store/db.h"

/* The SQLite that this process runs with, and whether a checkpoint that meets a commit can
 * corrupt a database with it (the WAL-reset bug, mended in 3.51.3, 3.50.7 and 3.44.6). */
const char *health_sqlite_version(void);
bool health_has_wal_reset_bug(int version_number);
int health_sqlite_number(void);

MUST_CHECK enum err_code health_is_wal(struct db *db, bool *out, struct err *e);

/* Destinations that are not removed, and those of them without a token. */
MUST_CHECK enum err_code health_tokens(struct db *db, int64_t *destinations,
				       int64_t *without_token, struct err *e);

/* Reads the whole file; *finding is "ok", or the first thing that is wrong. */
MUST_CHECK enum err_code health_integrity(struct db *db, char finding[200],
					  struct err *e);

/* Rows that came with an id below those taken up: the relay reads upwards and never sees them.
 * Walks the outbox. */
MUST_CHECK enum err_code health_left_behind(struct db *db, int64_t *count, struct err *e);

#endif
