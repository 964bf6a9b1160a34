/* SPDX-License-Identifier: MIT
 * enqueue.h - the one writer of outbox rows in this program: what a producer's INSERT does.
 *
 * Owns:    its statement, from enqueue_open to enqueue_close.
 * Thread:  the connection's; rows are put inside the caller's transaction.
 * Errors:  the database's.
 * See:     schema/schema.sql (outbox). */
#ifndef STORE_ENQUEUE_H
#define STORE_ENQUEUE_H

#include "store/db.h"

struct enqueue {
	struct db *db;
	sqlite3_stmt *put;
};

/* How event_time is bound: as it was written. */
enum enqueue_time { ENQUEUE_NO_TIME, ENQUEUE_INT, ENQUEUE_REAL, ENQUEUE_TEXT };

struct enqueue_row {
	struct str event, event_id, payload; /* event_id.p NULL: none */
	enum enqueue_time time;
	int64_t time_int;
	double time_real;
	struct str time_text;
};

MUST_CHECK enum err_code enqueue_open(struct enqueue *q, struct db *db, struct err *e);
void enqueue_close(struct enqueue *q);
MUST_CHECK enum err_code enqueue_put(struct enqueue *q, const struct enqueue_row *row,
				     struct err *e);

#endif
