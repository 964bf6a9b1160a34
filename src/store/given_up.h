/* SPDX-License-Identifier: MIT
 * given_up.h - event_ids that a person gave up (cancel) or that were erased (forget). What is given up
 * unsent gives its id up, and the next row of that id, which no relay has read yet, would be sent
 * in its place. Admission ends the rows of such an id that were there by then; which they are is
 * known only once they are read, as an id may stand in the payload or be derived.
 *
 * Owns:    statements and scratch memory, from given_up_open to given_up_close.
 * Thread:  the connection's; inside the caller's transaction.
 * Errors:  the database's.
 * See:     schema/schema.sql (given_up), store/admit.c, which looks there. */
#ifndef STORE_GIVEN_UP_H
#define STORE_GIVEN_UP_H

#include "core/digest.h"
#include "core/reason.h"
#include "store/outbox.h"

struct given_up {
	struct db *db;
	sqlite3_stmt *put, *put_wait, *drop;
	struct outbox_reader outbox;
	struct scratch scratch;
	struct digest digest;
	uint64_t seed;
};

MUST_CHECK enum err_code given_up_open(struct given_up *g, struct db *db, struct err *e);
void given_up_close(struct given_up *g);

/* Unread rows of the id end by `why`, which is BY_OPERATOR or ERASED. */
MUST_CHECK enum err_code given_up_id(struct given_up *g, const char *event_id,
				     enum reason why, struct err *e);
/* The same of the id by which the relay knows the row, or will. */
MUST_CHECK enum err_code given_up_row(struct given_up *g, int64_t outbox_id,
				      enum reason why, struct err *e);

/* The same of a wait, by its key, that is given up now and was never sent. */
MUST_CHECK enum err_code given_up_wait(struct given_up *g, int64_t key, struct err *e);

/* What was given up is wanted again; what was erased is not. */
MUST_CHECK enum err_code given_up_want_id(struct given_up *g, const char *event_id,
					  struct err *e);
MUST_CHECK enum err_code given_up_want_row(struct given_up *g, int64_t outbox_id,
					   struct err *e);
MUST_CHECK enum err_code given_up_want_all(struct given_up *g, struct err *e);

/* Admission's side. */
struct given_up_reader {
	struct db *db;
	sqlite3_stmt *ask, *find, *pass;
	bool any; /* of the lot that is being admitted */
};

MUST_CHECK enum err_code given_up_reader_open(struct given_up_reader *r, struct db *db,
					      struct err *e);
void given_up_reader_close(struct given_up_reader *r);

/* Whether there are any; only fresh lots have unread rows. */
MUST_CHECK enum err_code given_up_look(struct given_up_reader *r, bool fresh,
				       struct err *e);
/* By which reason the row ends, unless another holds its id; NONE: by none of these. */
MUST_CHECK enum err_code given_up_find(struct given_up_reader *r, int64_t hash,
				       int64_t outbox_id, enum reason *why,
				       struct err *e);
/* Rows up to there are read: what counted for them alone goes. */
MUST_CHECK enum err_code given_up_passed(struct given_up_reader *r, int64_t cursor,
					 struct err *e);

#endif
