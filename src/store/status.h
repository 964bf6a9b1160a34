/* SPDX-License-Identifier: MIT
 * status.h - the queue at a glance: the views queue_status and problem.
 *
 * Owns:    nothing.
 * Thread:  the connection's, opened with DB_READ (it reads views).
 * Errors:  the database's.
 * See:     schema/schema.sql (queue_status, problem). */
#ifndef STORE_STATUS_H
#define STORE_STATUS_H

#include "store/rows.h"

struct status_totals {
	int64_t destinations, unclaimed, pending, sending, retrying, delivered;
	int64_t held, failed, rejected;
	int64_t blocked;  /* destinations that wait for a person, */
	int64_t paused;   /* that a person has paused, */
	int64_t held_up;  /* and that cannot send now, but will go on by themselves */
	int64_t oldest_s; /* since the oldest row that waits was committed */
	int64_t ageing;   /* destinations where rows wait that will soon be too old */
	int64_t silent_s; /* since the last request began, where rows have been due as long */
	int64_t relay_s; /* known by the caller: so long the relay runs; 0: not known */
	bool no_relay;   /* the same: nobody sends */
};

MUST_CHECK enum err_code status_totals(struct db *db, struct status_totals *out,
				       struct err *e);

/* The columns of the views; problems that wait for a person first. */
MUST_CHECK enum err_code status_queue(struct db *db, struct rows *out, struct err *e);
MUST_CHECK enum err_code status_problems(struct db *db, struct rows *out, struct err *e);

/* The row of a problem's example; 0: none is kept. */
MUST_CHECK enum err_code status_example(struct db *db, struct str reason,
					struct str destination, struct str event_id,
					int64_t *out, struct err *e);

#endif
