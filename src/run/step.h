/* SPDX-License-Identifier: MIT
 * step.h - the machine's clock was set: what waits goes on to wait as long as it would have, and
 * nothing is older than it was. So a step neither stalls retries, nor sends all of them at
 * once, nor ends them. Of what an earlier relay sent only the clock tells the age: there the
 * greater one counts, so that nothing whose outcome is unknown is sent again too late.
 *
 * Owns:    nothing; its one job is the writer's while under way.
 * Thread:  the loop's; the job's work on the writer's lane.
 * Errors:  what the database refuses is tried again.
 * See:     store/shift.h. */
#ifndef RUN_STEP_H
#define RUN_STEP_H

#include "run/lane.h"
#include "store/shift.h"

struct relay;

struct step {
	struct job job;
	struct relay *relay;
	int64_t ahead_ms; /* the clock before the time since the machine's start, as known */
	/* of one that has begun to be stored, with how far that has come; and how far the job
	 * has, 0 where it found nothing more */
	struct shift shift;
	int64_t next_key;
	uint64_t start_ms; /* of the relay, since the machine's start */
	uint64_t retry_ms;
	bool begun, under_way, failed; /* failed: a try as the relay ends */
};

/* Once the writer is open and has not started: looks at what an earlier relay's clock has left. */
MUST_CHECK enum err_code step_open(struct step *s, struct relay *r, struct err *e);

/* The time by the clock that what waits is stamped with: the machine's, but for a step that has
 * not been stored yet. */
int64_t step_now_ms(const struct step *s);

/* When the relay began, by that clock. */
int64_t step_since_ms(const struct step *s);

/* There is such a step: what has been read is not admitted, what is on its way ends first. */
bool step_pending(const struct step *s);

/* Whether the clock is as it was; until then nothing is read. For a relay that is to end it is
 * enough that a step has begun to be stored, or could not be. */
bool step_settled(struct step *s, uint64_t now);

#endif
