/* SPDX-License-Identifier: MIT
 * runs.h - hashes and the rows they lead to, in sorted runs: how they are read.
 *
 * A B-tree of random keys costs a page a key once it is large. So pairs are gathered in
 * memory and written together, sorted, as a run of packed blocks; eight runs of a level are
 * merged into one of the next. A pair is written three or four times in the life of a file
 * of ten million, a dozen bytes each time, and the cost does not grow further. A filter in memory
 * keeps hashes that are new from the disk.
 *
 * Owns:    statements and the list of the runs, from runs_open to runs_close.
 * Thread:  the connection's; the filters are shared by all connections of a process.
 * Errors:  the database's.
 * See:     schema/schema.sql (index_run); store/compaction.h, who writes; core/block.h. */
#ifndef STORE_RUNS_H
#define STORE_RUNS_H

#include "core/block.h"
#include "store/db.h"
#include "store/run_filters.h"

#define RUNS_MAX 96 /* of a kind */

enum runs_kind {
	RUNS_EVENT_ID = 1, /* to the row that owns it; the newest counts */
	RUNS_IDENTIFIER,   /* to the rows it was seen in */
};

/* The key of a block, as a row: the run's id, then the block's number. */
#define RUNS_BLOCK_BITS 23
#define RUNS_FILTER_FROM                                                                 \
	BLOCK_COUNT_MAX /* numbers from here on are the filter's pieces */

struct run {
	int64_t id;
	int level;
	uint64_t pairs;       /* in it */
	uint64_t room;        /* for so many it was laid out */
	uint64_t least, most; /* values */
	struct block_form form;
	const struct filter *filter; /* NULL: there is none */
};

struct runs {
	struct db *db;
	enum runs_kind kind;
	struct run_filters *filters; /* NULL: look without */
	sqlite3_stmt *list, *block;
	struct run run[RUNS_MAX]; /* the newest first */
	size_t count;
};

unsigned runs_key_bits(enum runs_kind kind);

MUST_CHECK enum err_code runs_open(struct runs *r, struct db *db, enum runs_kind kind,
				   struct run_filters *filters, struct err *e);
/* Those that grow or are to be deleted too; without filters. */
MUST_CHECK enum err_code runs_open_all(struct runs *r, struct db *db, enum runs_kind kind,
				       struct err *e);
void runs_close(struct runs *r);

/* At the start of a transaction: which runs it sees. */
MUST_CHECK enum err_code runs_refresh(struct runs *r, struct err *e);

/* False where no run has the key. */
bool runs_may_hold(const struct runs *r, uint64_t key);

/* The values of a key, those of the newest run first, at most `max`. Keys are told apart by
 * their first runs_key_bits only. */
MUST_CHECK enum err_code runs_find(struct runs *r, uint64_t key, uint64_t *values,
				   size_t max, size_t *count, struct err *e);

/* Reads a run's filter from the file. */
MUST_CHECK enum err_code runs_read_filter(struct runs *r, const struct run *run,
					  struct filter *out, struct err *e);

/* A block's bytes, borrowed until the next call; empty where it is not there. */
MUST_CHECK enum err_code runs_block(struct runs *r, int64_t run_id, uint32_t block,
				    struct str *bytes, struct err *e);

#endif
