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
	"coalesce(CASE WHEN t.paused THEN 24 ELSE t.reason END, w.reason)"

/* Every row that no relay has taken up. */
#define REQUEUE_ALL_WAIT_FOR                                                             \
	"(SELECT CASE WHEN sum(reason IS NULL) = 0 THEN min(reason) END FROM (SELECT "   \
	"CASE WHEN paused THEN 24 ELSE reason END AS reason FROM destination "           \
	"WHERE removed = 0))"

#endif
