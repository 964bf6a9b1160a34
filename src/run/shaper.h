/* SPDX-License-Identifier: MIT
 * shaper.h - from rows to bodies: reads a lot, has it judged, keeps what is to be sent.
 *
 * Owns:    nothing; the judge is the lane's state, the load the loop's.
 * Thread:  the lane's.
 * Errors:  the database's, in the job; a bad row is no error but has a reason.
 * See:     run/judge.h, run/load.h. */
#ifndef RUN_SHAPER_H
#define RUN_SHAPER_H

#include "run/judge.h"
#include "run/load.h"

/* The `work` of a load's job; state is a struct judge. */
void shaper_work(struct job *job, void *state);

#endif
