/* SPDX-License-Identifier: MIT
 * scrubbing.h - has settled rows rewritten without plain identifiers, behind the sending.
 *
 * A pass over what admission noted begins when nothing else has been done for a moment, and
 * goes on while that is so; the SCRUBBING_WHOLE_MS-ly one looks at rows that waited, too, and
 * goes on beside the sending. When rows were rewritten, the WAL that still holds their former
 * pages is cut.
 *
 * Owns:    its statements and its one job, from scrubbing_open to scrubbing_close.
 * Thread:  the loop's; the job's work on the writer's lane.
 * Errors:  what the database refuses is logged and tried again later.
 * See:     store/scrub.h. */
#ifndef RUN_SCRUBBING_H
#define RUN_SCRUBBING_H

#include "run/lane.h"
#include "store/scrub.h"

enum {
	SCRUBBING_IDLE_MS = 500,
	SCRUBBING_CUT_MS = 3000, /* idle, before the WAL is cut */
	SCRUBBING_WHOLE_MS = 20000,
};

struct relay;

struct scrubbing {
	struct job job;
	struct relay *relay;
	struct scrub scrub; /* the lane's while the job is under way */
	bool under_way;
	bool begun; /* a pass is not complete */
	bool first; /* the job's: begin the pass */
	bool more;  /* the job's: the pass is not complete */
	bool cut;   /* the job's: cut the WAL too */
	/* the pass */
	struct scrub_place place; /* committed */
	int64_t after, upto;      /* ranges behind `after`; rows admitted when it began */
	uint64_t changes;         /* when it began */
	uint64_t whole_changes;   /* … the last whole one that is complete */
	bool sent;                /* as it was last */
	bool uncut;               /* the WAL may hold pages from before */
	int refusals;             /* of the cut, in a row, */
	uint64_t cut_pause_ms;    /* and how long it waits after the last one */
	uint64_t refused_ms;      /* monotonic: the first of them, ours too; 0: none */
	/* monotonic */
	uint64_t changed_ms, whole_ms, cut_ms, retry_ms, wal_looked_ms;
	uint64_t seen_changes;
	bool failing; /* as it was last */
};

MUST_CHECK enum err_code scrubbing_open(struct scrubbing *s, struct relay *r,
					struct err *e);
void scrubbing_close(struct scrubbing *s);

/* Starts what is due. `sent`: a drain waits for nothing else. */
void scrubbing_pump(struct scrubbing *s, uint64_t now, bool sent);

/* Nothing is left that a drain would have to wait for. */
bool scrubbing_done(const struct scrubbing *s);

#endif
