/* SPDX-License-Identifier: MIT
 * run_write.h - how a run comes into the file.
 *
 * Owns:    statements and the filter of the run last added, from run_writer_open to
 *          run_writer_close.
 * Thread:  the writer's, inside its transaction.
 * Errors:  the database's.
 * See:     store/compaction.h, who else makes runs. */
#ifndef STORE_RUN_WRITE_H
#define STORE_RUN_WRITE_H

#include "store/runs.h"

enum run_state { RUN_WHOLE, RUN_GROWS, RUN_DIES };

struct run_writer {
	struct db *db;
	enum runs_kind kind;
	sqlite3_stmt *next_id, *put_run, *put_block;
	struct buf block;
	struct run added; /* by run_add */
	struct filter added_filter;
};

MUST_CHECK enum err_code run_writer_open(struct run_writer *w, struct db *db,
					 enum runs_kind kind, struct err *e);
void run_writer_close(struct run_writer *w);

/* Sorts by key; equal keys stay in their order. `room` is as large as `pairs`. */
void pairs_sort(struct pair *pairs, struct pair *room, size_t count);

/* Writes a run of level 0 out of sorted pairs, count > 0. */
MUST_CHECK enum err_code run_add(struct run_writer *w, const struct pair *pairs,
				 size_t count, struct err *e);

/* A run whose level, room, least and most are set: gets its form and its id. */
MUST_CHECK enum err_code run_new(struct run_writer *w, struct run *run,
				 enum run_state state, struct err *e);
MUST_CHECK enum err_code run_put_block(struct run_writer *w, int64_t run_id,
				       uint32_t number, const void *bytes, size_t len,
				       struct err *e);
MUST_CHECK enum err_code run_put_filter(struct run_writer *w, int64_t run_id,
					struct filter *f, struct err *e);

#endif
