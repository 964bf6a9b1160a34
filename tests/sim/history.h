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

#include "core/verdict.h"

struct db;
struct request;

/* After a drain. */
void history_check(struct db *db);

/* Its part about the wire. */
void history_check_sends(struct db *db);

/* What the relay must have made of a request that arrived. */
enum verdict history_verdict(const struct request *r);

#endif
