/* SPDX-License-Identifier: MIT
 * shift.h - the clock was set: the times of what waits move with it, a piece at a time, so that
 * no producer waits for a million rows.
 *
 * Owns:    nothing.
 * Thread:  the writer's; inside its transaction, while nobody takes rows up.
 * Errors:  the database's.
 * See:     run/step.h, who calls. */
#ifndef STORE_SHIFT_H
#define STORE_SHIFT_H

#include "store/db.h"

#define SHIFT_ROWS 1000

/* The clock was set by so much, at a time that it showed; since `since_ms`, by the same clock,
 * the relay runs. What waits stays as young, and has as long to wait; what is pending is due.
 * What an earlier relay sent with an unknown outcome is never made younger: it may be old.
 * Nothing waits longer than cap_ms, and what failed was not sent later than now: where an
 * earlier relay's clock was ahead, a shift by nothing mends both.
 * A row that is left out is as if the clock had been set while no relay ran. */
struct shift {
	int64_t by_ms, since_ms, at_ms, cap_ms;
};

/* When the last of all that waits is due, Unix ms; 0: none waits. */
MUST_CHECK enum err_code shift_farthest(struct db *db, int64_t *due_ms, struct err *e);

/* The next rows behind a key of waiting; *last is the last one's, 0 where there was none. */
MUST_CHECK enum err_code shift_some(struct db *db, const struct shift *shift,
				    int64_t after, int64_t *last, struct err *e);

#endif
