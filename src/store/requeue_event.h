/* SPDX-License-Identifier: MIT
 * requeue_event.h - the moves of requeue.h for one event_id, or one row: which rows it is about.
 *
 * Owns:    nothing; the event_id is borrowed.
 * Thread:  the connection's; requeue_event runs inside the caller's transaction.
 * Errors:  NOINPUT, DATA or BUSY none can be moved, and why; else the database's.
 * See:     store/lookup.h. */
#ifndef STORE_REQUEUE_EVENT_H
#define STORE_REQUEUE_EVENT_H

#include "store/lookup.h"
#include "store/requeue.h"

/* What the outbox has of an event_id, or (NULL) of the row of that number. */
struct requeue_found {
	const char *event_id;
	int64_t ids[LOOKUP_MAX], seen; /* seen: of the rows up to there */
	int count;
};

/* Outside of the transaction that moves, as it may take long; NOINPUT where there is none. Two
 * statements or more: where others write, inside of one that reads. */
MUST_CHECK enum err_code requeue_find(struct db *db, const char *event_id, int64_t row,
				      struct requeue_found *out, struct err *e);

/* Every delivery of the row that counts among them and, to cancel an event_id, of those that would
 * take the id; else of those that bore it before. NOINPUT, DATA or BUSY: none can be moved. */
MUST_CHECK enum err_code requeue_event(struct requeue *q, struct requeue_found *found,
				       struct err *e);

#endif
