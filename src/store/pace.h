/* SPDX-License-Identifier: MIT
 * pace.h - how much of the time, and how often, the database is locked by us while others
 * commit.
 *
 * A producer that finds it locked sleeps, and longer each time: SQLite's own handler for 1, 2, 5,
 * 10 ms and so on up to 100. So it is locked for a third of the time, but for what is held longer
 * than 50 ms at once, and a second try nearly always finds it free. Of producers who commit small
 * transactions one after the other only one in 250 is to find it locked at all.
 *
 * Owns:    nothing; zeroed is one that never locked.
 * Thread:  one.
 * Errors:  none. */
#ifndef STORE_PACE_H
#define STORE_PACE_H

#include "store/wal_index.h"

struct pace {
	uint64_t locked_us, unlocked_us; /* monotonic: the last time */
	uint64_t first_us;               /* monotonic: locked first since the last rest */
	uint64_t held_us;                /* so long since then */
	uint64_t rested_us;              /* monotonic: the end of the last rest, */
	uint32_t commits;                /* and anybody's commits at it */
};

/* The database has been locked; or is unlocked now. */
void pace_locked(struct pace *p);
void pace_unlocked(struct pace *p);

/* Sleeps until others have had it for long enough, or until the WAL holds so many frames that a
 * checkpoint is due. Not where they committed last at others_ms (monotonic), and that was a while
 * before it was locked: behind that they could not. */
void pace_rest(struct pace *p, const struct wal_index *index, uint32_t due_frames,
	       uint64_t others_ms);

#endif
