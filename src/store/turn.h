/* SPDX-License-Identifier: MIT
 * turn.h - waiting for the database while others have it locked.
 *
 * Who commits without a pause leaves it unlocked for some microseconds between two of its
 * transactions, and one that sleeps, as SQLite's own handler does, is hardly ever awake in
 * them. So the waiter watches for their commit in the WAL-index, tries at once, and only sleeps
 * for longer where they take long.
 *
 * Owns:    nothing.
 * Thread:  turn_wait the connection's; turn_hurry any.
 * Errors:  none.
 * See:     https://www.sqlite.org/c3ref/busy_handler.html */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include <stdint.h>

struct wal_index;

struct turn {
	_Atomic int patience_ms;       /* then it is given up: BUSY */
	const struct wal_index *index; /* borrowed; NULL: their commits are not seen */
	uint64_t since_us;             /* monotonic: others have had it since then */
	uint32_t commits;              /* of anybody, when it was last looked */
	int tries;                     /* at once, that are left since a commit */
};

void turn_init(struct turn *t);
/* From now on a second at most is waited. */
void turn_hurry(struct turn *t);

/* A busy handler of SQLite's; `turn` is a struct turn. */
int turn_wait(void *turn, int tries);

#endif
