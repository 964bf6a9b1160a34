/* SPDX-License-Identifier: MIT
 * writer.h - the one thread that writes: takes what is queued, one transaction, one commit.
 *
 * A failed commit fails every job in it; before that each is tried alone, for the others' sake.
 *
 * Owns:    the writing connection, the queue, the checkpoints; the relay's lock.
 * Thread:  writer_open and writer_close on the loop's, before and after the lane; the jobs'
 *          `work` on the lane's, inside a transaction.
 * Errors:  NOINPUT the database was deleted, replaced or restored; CONFIG migrated; SYNC until
 *          it is closed and opened anew; else the database's.
 * See:     store/queue.h, what the jobs call. */
#ifndef RUN_WRITER_H
#define RUN_WRITER_H

#include "run/lane.h"
#include "store/checkpoint.h"
#include "store/ingest.h"
#include "store/intact.h"
#include "store/lock.h"
#include "store/pace.h"
#include "store/queue.h"

struct writer {
	struct lock lock;
	struct db db;
	struct checkpoint checkpoint;
	struct intact intact;
	struct queue queue;
	struct kinship kinship;
	bool has_kinship;
	struct edges edges;
	struct ingest ingest;
	struct lane lane;
	struct {
		struct job job;
		int64_t written_ns; /* as the loop saw it last */
		bool under_way, trial;
	} watch;                  /* the loop's */
	struct wal_index index;   /* counts everybody's commits: */
	_Atomic uint32_t commits; /* as many as are known to bring nothing to read */
	_Atomic uint32_t news;    /* counts those that may */
	uint64_t others_ms;       /* monotonic: when others were last found to have */
	struct pace pace;
	bool cut_wal;        /* set by a job: once the transaction is over */
	bool wal_uncut;      /* it could not be, as another connection reads it */
	struct err lost;     /* SYNC: nothing more is done, every job ends with it */
	_Atomic int refusal; /* the disk's, when it last failed */
};

/* Takes the lock, checks the schema, recovers what a dead relay left open. */
MUST_CHECK enum err_code writer_open(struct writer *w, const char *path, int *recovered,
				     struct err *e);
MUST_CHECK enum err_code writer_start(struct writer *w, uv_loop_t *loop, struct err *e);

/* What its thread does with the jobs that wait; `state` is the writer. */
void writer_serve(void *state, struct job *jobs);
/* NOINPUT where the database was deleted or replaced under the relay. Any thread. */
MUST_CHECK enum err_code writer_check_file(const struct writer *w, struct err *e);

/* Whether anything was committed since `seen` that there may be something to read in: by others,
 * or by jobs that are not `silent`. Any thread. */
bool writer_has_news(const struct writer *w, uint32_t *seen);
/* Nobody else has committed for a while. The writer's thread. */
bool writer_is_alone(const struct writer *w);
/* When the database itself was last written to, as by a checkpoint. Any thread. */
int64_t writer_written_ns(const struct writer *w);
/* The relay is to end: the lock of the database is waited for a second at most. Any thread. */
void writer_hurry(struct writer *w);
/* Of the file; 0 where there is none. */
int64_t writer_wal_bytes(const struct writer *w);
/* What has been pruned, for the indexes; where `drop`, they delete what is only that, inside
 * the transaction. */
MUST_CHECK enum err_code writer_read_floors(struct writer *w, bool drop, struct err *e);

/* After lane_close, where the relay ends well: whoever only looks, and the next relay, need not
 * read again the rows whose identifiers are not indexed yet. Failing costs nothing else. */
void writer_index_rest(struct writer *w);
void writer_close(struct writer *w); /* after lane_close */

#endif
