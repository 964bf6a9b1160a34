/* SPDX-License-Identifier: MIT
 * dedup.h - one row for one event_id: who was first.
 *
 * The keys of recent rows live in memory and are durable through the delivery rows they came
 * from; older ones live in the table `dedup`, a B-tree of 64-bit hashes. Recent keys move to it
 * in large sorted slices, so that the cost of a key does not grow with history.
 *
 * Owns:    its memory and statements, from dedup_open to dedup_close.
 * Thread:  the writer's; inside its transaction.
 * Errors:  the database's.
 * See:     schema/schema.sql (dedup). */
#ifndef STORE_DEDUP_H
#define STORE_DEDUP_H

#include "store/db.h"

struct dedup_slot {
	int64_t hash;
	int64_t outbox_id; /* 0: free */
};

struct dedup {
	struct db *db;
	sqlite3_stmt *find, *event_id, *put;
	uint64_t seed;
	int64_t merged_id;       /* rows up to here are in the table */
	bool table_used;         /* the table holds any key */
	struct dedup_slot *slot; /* open addressing, a power of two */
	size_t slots, used;
	struct dedup_slot
		*journal; /* what this transaction replaced; outbox_id 0: nothing */
	size_t journal_len, journal_cap;
	struct dedup_slot *merging; /* sorted by hash, being moved to the table */
	size_t merging_len, merging_at;
	int64_t merging_id;
};

MUST_CHECK enum err_code dedup_open(struct dedup *d, struct db *db, struct err *e);
void dedup_close(struct dedup *d);

/* The hash of an event_id, never 0. The seed is the file's own (dedup_seed), so that nobody
 * can make ids that collide. */
int64_t dedup_hash(uint64_t seed, struct str event_id);
MUST_CHECK enum err_code dedup_seed(struct db *db, uint64_t *out, struct err *e);

/* Of the rows up to here the table knows the holder of each id. */
MUST_CHECK enum err_code dedup_merged_id(struct db *db, int64_t *out, struct err *e);

/* The row that holds the id; 0 where none does. */
MUST_CHECK enum err_code dedup_find(struct dedup *d, int64_t hash, struct str event_id,
				    int64_t *owner, struct err *e);

/* Makes the row the holder of the id, in place of any before it. */
MUST_CHECK enum err_code dedup_enter(struct dedup *d, int64_t hash, int64_t outbox_id,
				     struct err *e);

/* What the transaction entered stays, or is forgotten with it. */
void dedup_commit(struct dedup *d);
void dedup_rollback(struct dedup *d);

/* Whether a slice should be moved; then dedup_merge in a transaction of its own, and
 * dedup_merged after its commit. */
bool dedup_wants_merge(const struct dedup *d);
MUST_CHECK enum err_code dedup_merge(struct dedup *d, struct err *e);
void dedup_merged(struct dedup *d);

#endif
