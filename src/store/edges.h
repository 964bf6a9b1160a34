/* SPDX-License-Identifier: MIT
 * edges.h - who was seen with whom, on its way to the index: the writer's side.
 *
 * A pair that was known costs nothing, a new one two pairs of about ten bytes in the index,
 * once many have come together. What is not there yet is durable in the rows themselves.
 *
 * Owns:    statements and the edges of the open transaction, from edges_open to edges_close.
 * Thread:  the writer's; edges_append and edges_tidy inside its transaction.
 * Errors:  the database's.
 * See:     store/kinship.h, where readers find what is recent; store/compaction.h. */
#ifndef STORE_EDGES_H
#define STORE_EDGES_H

#include "store/compaction.h"
#include "store/kinship.h"

#define EDGES_STEP 64 /* blocks a transaction: no producer waits long */

struct edges {
	struct db *db;
	struct kinship *kinship;
	struct sighting_reader reader;
	struct compaction compaction;
	struct kinship_cursors indexed; /* committed */
	int64_t cursor;                 /* the outbox's, committed */
	int64_t others;   /* visits and consent rows that are not indexed, committed */
	uint64_t bulk_ms; /* monotonic: the last time many rows came at once */
	int64_t erased;   /* how often somebody was erased, as far as `recent` knows */
	/* of the open transaction */
	struct kin pending;
	int64_t pending_cursor, pending_others;
	bool moves; /* the recent ones go to the index */
	struct kinship_cursors moving;
};

MUST_CHECK enum err_code edges_open(struct edges *g, struct db *db,
				    struct kinship *kinship, struct err *e);
void edges_close(struct edges *g);

/* Those of rows of the outbox up to `cursor` (0: of none), and of so many others. */
void edges_append(struct edges *g, const struct kin *edges, int64_t cursor,
		  int64_t others);

/* Whether the pair was seen together by at_s, as far as is committed. */
MUST_CHECK enum err_code edges_known(struct edges *g, uint64_t a, uint64_t b,
				     int64_t at_s, bool *known, struct err *e);

/* Whether edges should go to the index, or its runs be merged; then a step of it in a
 * transaction of its own. */
bool edges_want_tidy(const struct edges *g);
MUST_CHECK enum err_code edges_tidy(struct edges *g, struct err *e);
/* Whether they are many enough, or of many rows, to enter them at rest; then, however few. */
bool edges_want_index(const struct edges *g);
MUST_CHECK enum err_code edges_index(struct edges *g, struct err *e);

/* Rows below have gone. */
void edges_set_floors(struct edges *g, int64_t outbox_id, int64_t visit_id);

/* What became of the transaction. */
void edges_commit(struct edges *g);
void edges_rollback(struct edges *g);

/* Part of erasing somebody, also from another process: the index forgets the nodes. */
MUST_CHECK enum err_code edges_erase(struct db *db, const uint64_t *nodes, size_t count,
				     struct err *e);

#endif
