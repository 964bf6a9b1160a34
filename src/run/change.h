/* SPDX-License-Identifier: MIT
 * change.h - what the admin page changes: pausing and resuming a destination, replaying.
 *
 * A change is done by the writer, like everything that is written; many rows in slices, so that
 * nobody waits long for the lock.
 *
 * Owns:    its job, until the errand goes on.
 * Thread:  change_start on the loop's; the job's work on the writer's.
 * Errors:  become the errand's notice and status.
 * See:     store/requeue.h, store/destination.h. */
#ifndef RUN_CHANGE_H
#define RUN_CHANGE_H

#include "run/errand.h"

enum change_kind { CHANGE_NONE, CHANGE_PAUSE, CHANGE_RESUME, CHANGE_RETRY };

/* Reads the form, does it, and lets the errand go on. */
void change_start(struct errand *errand, enum change_kind kind);

#endif
