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

bool outlook_needs_person(const struct status_totals *t);

/* "45 s", "12 min", "3 h", "5 d". */
void outlook_age(int64_t seconds, struct buf *out);

/* Appends what needs a person, else what flows. */
void outlook_sentence(const struct status_totals *t, struct buf *out);

/* Appends that the disk is full, where it is; whether it is. */
bool outlook_disk_full(const char *db_path, struct buf *out);

#endif
