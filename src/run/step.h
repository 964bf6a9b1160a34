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

struct relay;

struct step {
	struct job job;
	struct relay *relay;
	int64_t ahead_ms; /* the clock before the time since the machine's start, as known */
	/* of a step that is being stored: its size, how far that has come, and where the job
	 * has come to, 0 where it found nothing more */
	int64_t by_ms, key, next_key;
	uint64_t start_ms; /* of the relay, since the machine's start */
	uint64_t retry_ms;
	bool under_way;
};

void step_init(struct step *s, struct relay *r);

/* The time by the clock that what waits is stamped with: the machine's, but for a step that has
 * not been stored yet. */
int64_t step_now_ms(const struct step *s);

/* There is such a step: what has been read is not admitted, what is on its way ends first. */
bool step_pending(const struct step *s);

/* Whether the clock is as it was; until then nothing is read. */
bool step_settled(struct step *s, uint64_t now);

#endif
