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

#define SHIFT_ROWS 500

/* The clock was set by so much, at a time that it showed; since `since_ms`, by the same clock,
 * the relay runs. What waits stays as young, and has as long to wait; what is pending is due.
 * What an earlier relay sent with an unknown outcome is never made younger: it may be old.
 * Nothing waits longer than cap_ms, and what failed was not sent later than now: where an
 * earlier relay's clock was ahead, a shift by nothing mends both.
 * What has moved so far, up to a key of waiting, is kept with it: the next relay goes on there,
 * and no row moves twice. Where nothing has, it is as if the clock had been set while no relay
 * ran. */
struct shift {
	int64_t by_ms, since_ms, at_ms, cap_ms;
	int64_t key; /* 0: nothing yet */
};

/* When the last of all that waits is due, Unix ms; 0: none waits. */
MUST_CHECK enum err_code shift_farthest(struct db *db, int64_t *due_ms, struct err *e);

/* The next rows behind shift->key: SHIFT_ROWS, and as many again until the time is over. *last is
 * the last one's key, 0 where nothing is left. */
MUST_CHECK enum err_code shift_some(struct db *db, const struct shift *shift,
				    uint64_t most_ms, int64_t *last, struct err *e);

/* What an earlier relay has begun to move and not ended; its key is 0 where there is none. */
MUST_CHECK enum err_code shift_left(struct db *db, struct shift *shift, struct err *e);

#endif
