/* SPDX-License-Identifier: MIT
 * requeue.h - an operator's two moves: what is finished goes back to the queue (retry), what
 * waits is given up (cancel). Counters move with the rows.
 *
 * Owns:    its statements, from requeue_open to requeue_close.
 * Thread:  the connection's; requeue_row and requeue_some run inside the caller's
 *          transaction. A row in flight belongs to the relay and is left alone.
 * Errors:  the database's; what cannot be moved is counted, with the reason why.
 * See:     schema/schema.sql (delivery, waiting, counter), requeue_event.h. */
#ifndef STORE_REQUEUE_H
#define STORE_REQUEUE_H

#include "core/reason.h"
#include "store/counter.h"
#include "store/given_up.h"
#include "store/note_plain.h"

enum requeue_move { REQUEUE_RETRY, REQUEUE_CANCEL };

enum requeue_refusal {
	REQUEUE_MOVED,
	REQUEUE_DELIVERED,
	REQUEUE_DUPLICATE,
	REQUEUE_IN_FLIGHT,
	REQUEUE_PENDING,  /* retry: it waits already */
	REQUEUE_FINISHED, /* cancel: it ended unsent already */
	REQUEUE_ERASED,
	REQUEUE_REMOVED, /* retry: its destination is gone */
	REQUEUE_ABSENT,
};

struct requeue {
	struct db *db;
	enum requeue_move move;
	struct counter counter;
	struct note_plain plain;
	struct given_up given_up;
	sqlite3_stmt *delivery, *waiting, *keys, *to_waiting, *to_delivery, *undeliver,
		*unwait, *since, *give_up, *renew, *hasten, *cancel_new, *removed,
		*unclaimed, *unmark;
	int64_t now_ms, cursor; /* of this transaction */
	int step;               /* where requeue_some stands: the statement or state, */
	int64_t position;       /* and the last key */
	int64_t moved, refused, gone; /* gone: of those refused, REQUEUE_REMOVED */
	enum requeue_refusal why;     /* of the last one refused */
	bool held_moved;              /* an unknown outcome will be sent again */
	bool taken_back;              /* a row that a person had cancelled */
};

/* Which rows: all of a status, or of one reason of it. */
struct requeue_filter {
	enum status status;
	enum reason reason; /* REASON_NONE: any */
};

#define REQUEUE_SLICE 1000

MUST_CHECK enum err_code requeue_open(struct requeue *q, struct db *db,
				      enum requeue_move move, struct err *e);
void requeue_close(struct requeue *q);

/* Every delivery of one row of the outbox. */
MUST_CHECK enum err_code requeue_row(struct requeue *q, int64_t outbox_id, struct err *e);

/* The next rows of the filter, at most about REQUEUE_SLICE; *more is false behind the last.
 * One filter in the life of a struct requeue. */
MUST_CHECK enum err_code requeue_some(struct requeue *q, const struct requeue_filter *f,
				      bool *more, struct err *e);

/* How many rows requeue_some would move and refuse, in q->moved and q->refused: at once, out of
 * the counters, but for the reasons of rows that wait. Changes nothing. */
MUST_CHECK enum err_code requeue_count(struct requeue *q, const struct requeue_filter *f,
				       struct err *e);

/* Whether the move makes sense for the status at all. */
bool requeue_takes(enum requeue_move move, enum status status);

#endif
