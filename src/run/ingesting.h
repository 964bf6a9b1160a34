/* SPDX-License-Identifier: MIT
 * ingesting.h - has visits and consent rows read in before the conversions that were committed
 * with or behind them are judged.
 *
 * A load that finds any unread while it has rows to judge comes back with none of them, and
 * nothing is read until the last slice is in. Where there is nothing to judge, they are read in
 * at leisure.
 *
 * Owns:    its one job.
 * Thread:  the loop's; the job's work on the writer's lane.
 * Errors:  what the database refuses is logged and tried again.
 * See:     store/ingest.h; run/reading.c, who asks. */
#ifndef RUN_INGESTING_H
#define RUN_INGESTING_H

#include "run/lane.h"
#include "store/ingest.h"

struct relay;

struct ingesting {
	struct job job;
	struct relay *relay;
	bool wanted, urgent, under_way;
	uint64_t due_ms; /* monotonic: not before, unless it is urgent */
	int64_t covered; /* what came with the outbox's rows up to here is in */
	struct ingested slice;
};

void ingesting_init(struct ingesting *g, struct relay *r);

/* Something is unread. `urgent`: a load waits for it. */
void ingesting_want(struct ingesting *g, bool urgent);

/* Starts what is due. */
void ingesting_pump(struct ingesting *g, uint64_t now);

/* A load waits: nothing should be read. */
static inline bool ingesting_blocks(const struct ingesting *g)
{
	return g->urgent;
}

static inline bool ingesting_idle(const struct ingesting *g)
{
	return !g->wanted && !g->under_way;
}

#endif
