/* SPDX-License-Identifier: MIT
 * outlook.h - the queue in one sentence, as `convey status` and the admin page begin.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef RUN_OUTLOOK_H
#define RUN_OUTLOOK_H

#include "base/buf.h"
#include "store/status.h"

#define OUTLOOK_MAX 1600 /* bytes of the sentence, with a long path in it */

/* A relay runs, and has long not sent what it could: whatever it says of itself. */
bool outlook_is_silent(const struct status_totals *t);

/* For how long, in seconds. */
int64_t outlook_silence_s(const struct status_totals *t);

/* "45 s", "12 min", "3 h", "5 d". */
void outlook_age(int64_t seconds, struct buf *out);

/* Appends what needs a person, else what flows; and why the database takes no writes, where it
 * does not, and what to do: the disk is full, or what the relay's lock is marked with. Whether
 * somebody must do something. */
bool outlook_verdict(const struct status_totals *t, const char *db_path, int refusal,
		     struct buf *out);

/* Such a mark in words, "" where there are none; and what a person can do about it. */
const char *outlook_cause(int refusal);
const char *outlook_remedy(int refusal);

#endif
