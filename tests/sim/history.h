/* SPDX-License-Identifier: MIT
 * history.h - what producers committed, what TikTok saw and what the database says in the end
 * must be one story.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  world_break.
 * See:     tests/lib/history.py, the same for the real binary. */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

struct db;

/* After a drain. */
void history_check(struct db *db);

/* Its part about the wire. */
void history_check_sends(struct db *db);

#endif
