/* SPDX-License-Identifier: MIT
 * kinship.h - identifiers seen together lately: edges in memory, which a restart makes again
 * from the rows that they were seen in.
 *
 * Once there are many, the rows they came from are entered in the index of identifiers
 * (store/edges.h), and they are forgotten here.
 *
 * Owns:    its memory, from kinship_open to kinship_close.
 * Thread:  any for the first part; the writer for the second, which takes the lock itself.
 * Errors:  the database's, when it is opened.
 * See:     store/person.h, who asks. */
#ifndef STORE_KINSHIP_H
#define STORE_KINSHIP_H

#include <pthread.h>

#include "core/kin.h"
#include "core/met.h"
#include "store/runs.h"
#include "store/sighting.h"

/* Then they go to the index; the rows a restart may have to read again. */
#define KINSHIP_EDGES_MAX 54000
#define KINSHIP_ROWS_MAX 100000

/* How far each table's rows are in the index; by enum identity_source. */
struct kinship_cursors {
	int64_t row[4];
};

struct kinship {
	pthread_mutex_t lock;
	struct kin recent;
	struct kin
		moved; /* those that went to the index last: an older snapshot lacks them */
	int64_t appended; /* edges that ever came to `recent` */
	struct run_filters filters;
};

/* Reads what is not in the index yet. */
MUST_CHECK enum err_code kinship_open(struct kinship *k, struct db *db, struct err *e);
void kinship_close(struct kinship *k);

/* Copies the node's edges, at most `max`; returns how many. */
size_t kinship_of(struct kinship *k, uint64_t node, struct kin_edge *out, size_t max);
/* Whether the pair is in memory, seen by at_s. */
bool kinship_pair(struct kinship *k, uint64_t a, uint64_t b, int64_t at_s);
bool kinship_any(struct kinship *k);

/* A point in time, and whether a conversion before first_id has since joined something new to
 * what was met, or to what was not even looked up. */
int64_t kinship_mark(struct kinship *k);
bool kinship_gained(struct kinship *k, int64_t mark, int64_t first_id,
		    const struct met *met);

/* The writer: after a commit, and once the recent ones are in the index. */
void kinship_append(struct kinship *k, const struct kin *edges);
void kinship_move(struct kinship *k);
/* Swaps the recent ones for these: somebody was erased. */
void kinship_replace(struct kinship *k, struct kin *edges);

/* What is in the index, and what is read; inside one transaction. */
MUST_CHECK enum err_code kinship_indexed(struct db *db, struct kinship_cursors *out,
					 struct err *e);
MUST_CHECK enum err_code
kinship_set_indexed(struct db *db, const struct kinship_cursors *c, struct err *e);
MUST_CHECK enum err_code kinship_read_upto(struct db *db, struct kinship_cursors *out,
					   struct err *e);
/* The edges of the rows in between. */
MUST_CHECK enum err_code kinship_rebuild(struct db *db,
					 const struct kinship_cursors *from,
					 const struct kinship_cursors *upto,
					 struct kin *out, struct err *e);

#endif
