/* SPDX-License-Identifier: MIT
 * counter.h - how many rows are in which state at which destination: kept, never counted.
 *
 * A delivery row counts under its state; a waiting row under status * 16, or under
 * REASON_OUTCOME_UNKNOWN when it is held. A row in flight counts nowhere (attempt.events
 * does). What has ended counts once more, in its quarter of an hour, unless it begins anew.
 *
 * Owns:    its prepared statements, from counter_open to counter_close.
 * Thread:  the connection's; inside the caller's transaction.
 * Errors:  the database's.
 * See:     schema/schema.sql (counter, quarter). */
#ifndef STORE_COUNTER_H
#define STORE_COUNTER_H

#include "store/db.h"

/* The first quarter behind `from` in which rows of a destination ended so; left: how many. */
struct ended {
	int32_t destination_id;
	int status;
	int64_t from, quarter, left;
};

struct counter {
	struct db *db;
	sqlite3_stmt *add, *end, *first_end, *begin_anew, *forget;
	int64_t quarter; /* that older ones were forgotten for */
	struct ended ended[64];
};

MUST_CHECK enum err_code counter_open(struct counter *c, struct db *db, struct err *e);
void counter_close(struct counter *c);

/* delta may be negative; now_ms is Unix time; example_id is an outbox row or 0. */
MUST_CHECK enum err_code counter_add(struct counter *c, int32_t destination_id, int state,
				     int64_t delta, int64_t now_ms, int64_t example_id,
				     struct err *e);

/* A row that ended, at since_ms or later, goes back to the queue or to another end: it no
 * longer counts among what ended then. */
MUST_CHECK enum err_code counter_begin_anew(struct counter *c, int32_t destination_id,
					    int state, int64_t since_ms, int64_t now_ms,
					    struct err *e);

#endif
