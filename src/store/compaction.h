/* SPDX-License-Identifier: MIT
 * compaction.h - sorted runs: how they are written, merged and deleted. The only writer of
 * index_run and index_block.
 *
 * A run of level 0 is written in one transaction. Once COMPACTION_FANOUT runs stand on a
 * level they are merged into one of the next, a few blocks a transaction, so that no producer
 * waits; the merged ones are read until the new one is whole, then deleted as slowly.
 *
 * Owns:    statements and the filter of the run that grows, from compaction_open to
 *          compaction_close.
 * Thread:  the writer's; compaction_add and compaction_step inside its transaction.
 * Errors:  the database's.
 * See:     store/runs.h. */
#ifndef STORE_COMPACTION_H
#define STORE_COMPACTION_H

#include "store/run_write.h"

#define COMPACTION_FANOUT 8
#define COMPACTION_INPUTS_MAX 32
#define COMPACTION_BLOCK_MAX (16 * 1024 * 1024) /* bytes */

struct compaction {
	struct db *db;
	struct runs runs; /* as of the last commit, unless it is stale */
	bool stale;
	struct run_writer writer;
	sqlite3_stmt *set_state, *abandon, *finish, *dying, *drop_old, *drop_blocks,
		*drop_run;
	struct buf block;
	/* What is left out of what is merged: values below; of RUNS_IDENTIFIER by source. */
	uint64_t floor[4];
	/* being merged: `into` grows out of the inputs, the newest first */
	struct run into; /* id 0: nothing is being merged */
	struct filter filter;
	struct compaction_input *inputs;
	size_t input_count;
	uint32_t next_block; /* of `into`: those before it are committed */
	uint64_t pairs;      /* put into it; committed */
	/* of the open transaction */
	bool has_added, has_started, has_finished, has_dropped;
	uint32_t written; /* blocks of `into` */
	uint64_t written_pairs;
	bool dying_left; /* runs are to be deleted, as far as is known */
};

MUST_CHECK enum err_code compaction_open(struct compaction *m, struct db *db,
					 enum runs_kind kind, struct run_filters *filters,
					 struct err *e);
void compaction_close(struct compaction *m);

/* Writes a run of sorted pairs, count > 0. */
MUST_CHECK enum err_code compaction_add(struct compaction *m, const struct pair *pairs,
					size_t count, struct err *e);

/* Deletes runs that have nothing at or above the floor. RUNS_EVENT_ID only. */
MUST_CHECK enum err_code compaction_drop_old(struct compaction *m, struct err *e);

/* Whether there is something to merge or to delete; then a step of it, at most `blocks`. */
bool compaction_wanted(const struct compaction *m);
MUST_CHECK enum err_code compaction_step(struct compaction *m, uint32_t blocks,
					 struct err *e);

/* As runs_find, in what is committed. */
MUST_CHECK enum err_code compaction_find(struct compaction *m, uint64_t key,
					 uint64_t *values, size_t max, size_t *count,
					 struct err *e);

/* What became of the transaction. */
void compaction_committed(struct compaction *m);
void compaction_rolled_back(struct compaction *m);

/* Takes a key's pairs out of all runs, inside the caller's transaction; another process may
 * be merging them. */
MUST_CHECK enum err_code compaction_erase(struct db *db, enum runs_kind kind,
					  const uint64_t *keys, size_t count,
					  struct err *e);

#endif
