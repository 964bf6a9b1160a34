/* SPDX-License-Identifier: MIT
 * edges.h - the only writer of identity_recent and identity_edge.
 *
 * A load's edges cost one row of about 25 bytes an edge. Moving them costs two rows of about
 * 35 bytes an edge, in slices of a contiguous key range that travel with other transactions.
 *
 * Owns:    statements and the edges of the open transaction, from edges_open to edges_close.
 * Thread:  the writer's; edges_append, edges_move and edges_disable inside its transaction.
 * Errors:  the database's.
 * See:     store/kinship.h, where readers find what is not moved yet. */
#ifndef STORE_EDGES_H
#define STORE_EDGES_H

#include "store/kinship.h"

#define EDGES_SLICE 4096 /* rows of the table in a transaction: no producer waits long */

struct edges {
	struct db *db;
	struct kinship *kinship;
	sqlite3_stmt *append, *put, *drop, *disable, *known;
	struct buf blob;
	struct kin pending; /* of the open transaction */
	int64_t last_id,
		last; /* of identity_recent: of the open transaction, committed */
	struct directed *moving; /* both ways, sorted; NULL: nothing is being moved */
	size_t count, at, end;   /* the open transaction's slice ends before `end` */
	int64_t upto;            /* rows of identity_recent that are being moved */
};

MUST_CHECK enum err_code edges_open(struct edges *g, struct db *db,
				    struct kinship *kinship, struct err *e);
void edges_close(struct edges *g);

MUST_CHECK enum err_code edges_append(struct edges *g, const struct kin *edges,
				      struct err *e);
/* Whether the pair was seen together by at_s, as far as is committed. */
MUST_CHECK enum err_code edges_known(struct edges *g, uint64_t a, uint64_t b,
				     int64_t at_s, bool *known, struct err *e);
/* Moves a slice, where one is to be moved; last in a transaction. */
MUST_CHECK enum err_code edges_move(struct edges *g, struct err *e);

/* What became of the transaction. */
void edges_commit(struct edges *g);
void edges_rollback(struct edges *g);

/* Takes an edge of the table out of use, or back; *found is false where it is not there,
 * which it is not before it is moved. */
MUST_CHECK enum err_code edges_disable(struct edges *g, uint64_t a, uint64_t b,
				       bool disabled, bool *found, struct err *e);

#endif
