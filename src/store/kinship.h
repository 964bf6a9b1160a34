/* SPDX-License-Identifier: MIT
 * kinship.h - edges that are not in the table identity_edge yet, and which nodes may be in it.
 *
 * Edges come one load after the other and in no order of their keys: written to a B-tree one
 * by one they would cost a page each. So they are appended to identity_recent, a blob a load,
 * kept in memory, and moved to the table many at a time, in the order of its key.
 *
 * Owns:    its memory, from kinship_open to kinship_close.
 * Thread:  any for the first part; the writer for the second, which takes the lock itself.
 * Errors:  the database's, when it is opened.
 * See:     store/edges.h, who writes; schema/schema.sql (identity_recent). */
#ifndef STORE_KINSHIP_H
#define STORE_KINSHIP_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/kin.h"
#include "core/met.h"
#include "store/db.h"

#define KINSHIP_RECENT_MAX 60000 /* edges in memory, before they are moved */

struct kinship {
	pthread_mutex_t lock;
	struct kin recent;
	struct kin moving; /* being moved, or moved last: an older snapshot lacks them */
	int64_t appended;  /* edges that ever came to `recent` */
	/* A Bloom filter over identity_edge.a; until it is whole it lets everything pass. */
	_Atomic uint64_t *filter;
	uint64_t filter_mask;
	_Atomic bool filter_whole;
};

/* Reads identity_recent, and gets the filter ready for a table that is empty. */
MUST_CHECK enum err_code kinship_open(struct kinship *k, struct db *db, struct err *e);
void kinship_close(struct kinship *k);

/* Copies the node's edges, at most `max`; returns how many. */
size_t kinship_of(struct kinship *k, uint64_t node, struct kin_edge *out, size_t max);
/* Whether the pair is in memory, seen by at_s. */
bool kinship_pair(struct kinship *k, uint64_t a, uint64_t b, int64_t at_s);
bool kinship_any(struct kinship *k);

/* False where the table has no edge of the node. */
bool kinship_stored(const struct kinship *k, uint64_t node);

/* A point in time, and whether a conversion before first_id has since joined something new to
 * what was met, or to what was not even looked up. */
int64_t kinship_mark(struct kinship *k);
bool kinship_gained(struct kinship *k, int64_t mark, int64_t first_id,
		    const struct met *met);

/* The writer: after a commit, and at the start of a move. `moving` is what the file has: a
 * person may have been erased from it meanwhile. Takes it over. */
void kinship_append(struct kinship *k, const struct kin *edges);
void kinship_start_move(struct kinship *k, struct kin *moving);
void kinship_note_stored(struct kinship *k, uint64_t node);

/* A blob of identity_recent. */
void kinship_pack(const struct kin *edges, struct buf *out);
void kinship_unpack(struct str blob, struct kin *edges);

/* The edges of identity_recent up to a row. */
MUST_CHECK enum err_code kinship_read(struct db *db, int64_t upto, struct kin *out,
				      struct err *e);

/* Takes the edges of these nodes out of identity_recent, inside the caller's transaction. */
MUST_CHECK enum err_code kinship_erase(struct db *db, const uint64_t *nodes, size_t count,
				       struct err *e);

/* Reads the table's nodes into the filter; stops when *stop. */
MUST_CHECK enum err_code kinship_fill_filter(struct kinship *k, struct db *db,
					     const _Atomic bool *stop, struct err *e);

#endif
