/* SPDX-License-Identifier: MIT
 * requeue_waits.h - why rows wait, in SQL, as delivery_status has it. For requeue.c and
 * requeue_count.c only.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef STORE_REQUEUE_WAITS_H
#define STORE_REQUEUE_WAITS_H

/* A row w of waiting at destination t. */
#define REQUEUE_WAITS_FOR                                                                \
	"CASE WHEN w.status IN (1, 3) AND t.paused THEN 24 WHEN w.status = 1 OR "        \
	"(w.status = 3 AND t.reason IN (17, 18, 19)) THEN coalesce(t.reason, w.reason) " \
	"ELSE w.reason END"

/* Every row that no relay has taken up. */
#define REQUEUE_ALL_WAIT_FOR                                                             \
	"(SELECT CASE WHEN sum(reason IS NULL) = 0 THEN min(reason) END FROM (SELECT "   \
	"CASE WHEN paused THEN 24 ELSE reason END AS reason FROM destination "           \
	"WHERE removed = 0))"

#endif
