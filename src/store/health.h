/* SPDX-License-Identifier: MIT
 * health.h - what can be asked of a database about itself.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's. */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "store/rows.h"

/* The SQLite that this process runs with, and whether a checkpoint that meets a commit can
 * corrupt a database with it (the WAL-reset bug, mended in 3.51.3, 3.50.7 and 3.44.6). */
const char *health_sqlite_version(void);
bool health_has_wal_reset_bug(int version_number);
int health_sqlite_number(void);

/* The SQLite that last wrote the file's first page, which is whenever it grows; as far as the
 * WAL has been copied into it. *version_number 0: it does not say. */
MUST_CHECK enum err_code health_last_writer(struct db *db, int *version_number,
					    struct err *e);

MUST_CHECK enum err_code health_is_wal(struct db *db, bool *out, struct err *e);
MUST_CHECK enum err_code health_page_size(struct db *db, int64_t *bytes, struct err *e);

/* Destinations that are not removed: id, name, when the token was set (Unix ms; NULL: there is
 * none), the reason why it waits, the pixel, and its last error, or "none". */
MUST_CHECK enum err_code health_tokens(struct db *db, struct rows *out, struct err *e);

/* Reads the whole file; *finding is "ok", or the first thing that is wrong. */
MUST_CHECK enum err_code health_integrity(struct db *db, char finding[200],
					  struct err *e);

/* Rows that came with an id below those taken up: the relay reads upwards and never sees them.
 * Walks the outbox. */
MUST_CHECK enum err_code health_left_behind(struct db *db, int64_t *count, struct err *e);

#endif
