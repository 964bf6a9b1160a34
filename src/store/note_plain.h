/* SPDX-License-Identifier: MIT
 * note_plain.h - rows that store/scrub.h looks at once they are settled: table `redaction`.
 *
 * Admission notes those in which it has seen plain identifiers (queue_rows.h). Who ends a row
 * without reading it notes it too: it may have been mended since it was read last.
 *
 * Owns:    its statements, from note_plain_open to note_plain_close.
 * Thread:  the connection's; inside the caller's transaction.
 * Errors:  the database's. */
#ifndef STORE_NOTE_PLAIN_H
#define STORE_NOTE_PLAIN_H

#include "store/db.h"

struct note_plain {
	struct db *db;
	sqlite3_stmt *put, *range, *next;
};

MUST_CHECK enum err_code note_plain_open(struct note_plain *n, struct db *db,
					 struct err *e);
void note_plain_close(struct note_plain *n);

/* Ids in ascending order, none twice; those that are noted already stay. None that admission
 * has not reached: it takes what it notes for the first of its range. */
MUST_CHECK enum err_code note_plain_rows(struct note_plain *n, const int64_t *ids,
					 size_t count, struct err *e);

/* The same for ids behind all that are noted, in a range that begins at first_id. */
MUST_CHECK enum err_code note_plain_fresh(struct note_plain *n, int64_t first_id,
					  const int64_t *ids, size_t count,
					  struct err *e);

#endif
