/* SPDX-License-Identifier: MIT
 * lookup.h - from an event_id, given or derived, to the rows of the outbox that bear it: by
 * the hash that the deduplication keeps, at any size of the outbox. Only rows that the relay has
 * not taken up yet are read one by one, and, for an id that is not found so, those that were
 * rejected or wait: somebody may have mended the id itself. A row that no id leads to is found
 * by its number.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's. */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include "store/db.h"

#define LOOKUP_MAX 64

/* What to say of an event_id that nobody has, or whose row is not found by it yet. */
#define LOOKUP_ABSENT                                                                    \
	"no conversion has the event_id '%.48s': none was committed, it was deleted, "   \
	"is older than is kept, unread with its id in the payload, or its id had "       \
	"passed (convey doctor --integrity); see: convey list"

/* Newest first, at most LOOKUP_MAX, the one that counts among them; *count 0: nobody has it. */
MUST_CHECK enum err_code lookup_event(struct db *db, const char *event_id,
				      int64_t ids[LOOKUP_MAX], int *count, struct err *e);

/* What it found, looked for again by who may not take long: of rows that no relay has taken up only
 * those above `seen` are read. */
MUST_CHECK enum err_code lookup_again(struct db *db, const char *event_id, int64_t seen,
				      int64_t ids[LOOKUP_MAX], int *count, struct err *e);

#define LOOKUP_NO_ROW                                                                    \
	"the outbox has no row %lld: none was committed, somebody deleted it, or it is " \
	"older than what is kept; the latest: convey list --json"

/* The same of one row of the outbox, by its number. */
MUST_CHECK enum err_code lookup_row(struct db *db, int64_t id, int64_t ids[LOOKUP_MAX],
				    int *count, struct err *e);

/* The row that counts among them: the one that holds the id, else the newest that gave it up. Of rows
 * that a person cancelled together that is the first. */
MUST_CHECK enum err_code lookup_holder(struct db *db, const int64_t *ids, int count,
				       int64_t *holder, struct err *e);

/* Of those that no relay has taken up the one that is going to hold the id; 0: another row holds it,
 * or none is left. */
MUST_CHECK enum err_code lookup_next(struct db *db, const int64_t *ids, int count,
				     int64_t *next, struct err *e);

/* The row that holds the id of a duplicate; 0: it is none, or that row is kept no more. */
MUST_CHECK enum err_code lookup_first(struct db *db, int64_t duplicate, int64_t *first,
				      struct err *e);

/* Whether the id of a row that no relay has taken up is held, so that it will be a duplicate, and
 * the row that holds it; 0: that row is kept no more. */
MUST_CHECK enum err_code lookup_before(struct db *db, int64_t unread, struct str event_id,
				       bool *held, int64_t *first, struct err *e);

#endif
