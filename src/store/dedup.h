/* SPDX-License-Identifier: MIT
 * dedup.h - one row for one event_id: who was first.
 *
 * The keys of recent rows live in memory and are durable through the delivery rows they came
 * from; older ones stand in sorted runs (store/runs.h).
 *
 * Owns:    its memory and statements, from dedup_open to dedup_close.
 * Thread:  the writer's; inside its transaction.
 * Errors:  the database's.
 * See:     schema/schema.sql (index_run, dedup_late). */
#ifndef STORE_DEDUP_H
#define STORE_DEDUP_H

#include "store/compaction.h"

#define DEDUP_RECENT_MAX (90 * 1024) /* keys in memory: 2 MiB */
#define DEDUP_STEP 64                /* blocks a transaction: no producer waits long */

struct dedup_slot {
	int64_t hash;
	int64_t outbox_id; /* 0: free */
};

struct dedup {
	struct db *db;
	sqlite3_stmt *event_id, *late;
	uint64_t seed;
	struct run_filters filters;
	struct compaction compaction;
	int64_t flushed_id;      /* rows up to here are in the runs */
	struct dedup_slot *slot; /* open addressing, a power of two */
	size_t slots, used;
	struct dedup_slot
		*journal; /* what this transaction replaced; outbox_id 0: nothing */
	size_t journal_len, journal_cap;
	int64_t flushing_id; /* of the open transaction; 0: it does not flush */
	size_t flushed_len;  /* of the journal, when it flushed */
};

MUST_CHECK enum err_code dedup_open(struct dedup *d, struct db *db, struct err *e);
void dedup_close(struct dedup *d);

/* The hash of an event_id, never 0. The seed is the file's own (dedup_seed), so that nobody
 * can make ids that collide. */
int64_t dedup_hash(uint64_t seed, struct str event_id);
MUST_CHECK enum err_code dedup_seed(struct db *db, uint64_t *out, struct err *e);

/* Of the rows up to here the runs know the holder of each id. */
MUST_CHECK enum err_code dedup_flushed_id(struct db *db, int64_t *out, struct err *e);

/* The row that holds the id; 0 where none does. */
MUST_CHECK enum err_code dedup_find(struct dedup *d, int64_t hash, struct str event_id,
				    int64_t *owner, struct err *e);

/* Makes the row the holder of the id, in place of any before it. */
MUST_CHECK enum err_code dedup_enter(struct dedup *d, int64_t hash, int64_t outbox_id,
				     struct err *e);

/* Whether recent keys should be written to a run, or runs merged; then a step of it in a
 * transaction of its own. */
bool dedup_wants_tidy(const struct dedup *d);
MUST_CHECK enum err_code dedup_tidy(struct dedup *d, struct err *e);
/* Writes the recent keys, of which there are some, to a run. */
MUST_CHECK enum err_code dedup_flush(struct dedup *d, struct err *e);

/* Rows below the floor do not hold their ids any more; where `drop`, what has only such rows
 * is deleted, inside the caller's transaction. */
MUST_CHECK enum err_code dedup_set_floor(struct dedup *d, int64_t floor, bool drop,
					 struct err *e);

/* What the transaction did stays, or is forgotten with it. */
void dedup_commit(struct dedup *d);
void dedup_rollback(struct dedup *d);

#endif
