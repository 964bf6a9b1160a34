/* SPDX-License-Identifier: MIT
 * pruning.h - has what is older than it is to be kept deleted, a slice at a time, behind
 * everything else.
 *
 * A pass begins at the start and every hour, and takes a day's rows at most (store/prune.h);
 * who drains waits for its end.
 *
 * Owns:    its statements and its one job, from pruning_open to pruning_close.
 * Thread:  the loop's; the job's work on the writer's lane.
 * Errors:  what the database refuses is logged and tried again with the next pass.
 * See:     store/prune.h. */
#ifndef RUN_PRUNING_H
#define RUN_PRUNING_H

#include "run/lane.h"
#include "store/prune.h"

enum {
	PRUNING_PAUSE_MS = 10, /* between two slices: producers come first */
};

struct relay;

struct pruning {
	struct job job;
	struct relay *relay;
	struct prune prune; /* the lane's while the job is under way */
	struct prune_limits limits;
	bool under_way, begun;
	bool more;       /* the job's: the pass is not complete */
	uint64_t due_ms; /* monotonic: the next slice */
};

MUST_CHECK enum err_code pruning_open(struct pruning *p, struct relay *r,
				      const struct prune_limits *limits, struct err *e);
void pruning_close(struct pruning *p);

/* No pass is under way. */
bool pruning_done(const struct pruning *p);

/* Starts what is due. */
void pruning_pump(struct pruning *p, uint64_t now);

#endif
