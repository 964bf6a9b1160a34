/* SPDX-License-Identifier: MIT
 * scrub.h - plain identifiers leave the producers' tables: settled rows of the outbox, and
 * visits and consents that were read, keep hashes in their place.
 *
 * Admission notes which rows hold plain identifiers (table `redaction`, about a byte a row, in
 * the transaction that claims them), so that a row without any is never read again, and what
 * is still to be done survives a crash. A row is rewritten when nothing of it waits or is in
 * flight; until then it stays in the list, and its neighbours do not wait for it.
 *
 * Owns:    statements and scratch memory, from scrub_open to scrub_close.
 * Thread:  the connection's; scrub_some runs inside the caller's transaction.
 * Errors:  the database's.
 * See:     core/redact.h, what becomes of a payload; schema/schema.sql (redaction). */
#ifndef STORE_SCRUB_H
#define STORE_SCRUB_H

#include "core/digest.h"
#include "store/outbox.h"

#define SCRUB_ROWS 200        /* rewritten in one transaction, */
#define SCRUB_ROWS_ALONE 1000 /* where no producer waits for its end, */
#define SCRUB_MS 20           /* or as many as fit */

/* How far a pass is. Who repeats a transaction that failed puts back what it was before. */
struct scrub_place {
	int64_t after;  /* ranges up to the one that begins here were looked at, */
	int64_t looked; /* and rows of the next one up to here */
	int64_t rewritten;
	int64_t left; /* rows that are not settled yet */
};

struct scrub {
	struct db *db;
	struct outbox_reader reader;
	sqlite3_stmt *next, *delivered, *waiting, *open, *rewrite, *derived, *keep, *drop;
	struct scratch scratch;
	struct digest digest;
	struct buf payload, event, time, members;
	struct scrub_row *rows; /* of the range that is being worked on */
	size_t count, cap;
	size_t from, end; /* of those, what comes next */
	char country[3];
	int slice;  /* rows of a transaction; SCRUB_ROWS */
	bool whole; /* the pass is */
	struct scrub_place place;
};

MUST_CHECK enum err_code scrub_open(struct scrub *s, struct db *db, struct err *e);
void scrub_close(struct scrub *s);

/* Begins a pass over the ranges behind `after`; 0: all, and visits and consents too. */
MUST_CHECK enum err_code scrub_begin(struct scrub *s, int64_t after, struct err *e);

/* The next slice of the pass; *more is false when it is complete. */
MUST_CHECK enum err_code scrub_some(struct scrub *s, bool *more, struct err *e);

/* The same for visits and consents; they come last in a pass over all. */
MUST_CHECK enum err_code scrub_visits(struct scrub *s, bool *more, struct err *e);

/* Rewrites one row of the outbox now; *changed tells whether it had to be. */
MUST_CHECK enum err_code scrub_row(struct scrub *s, int64_t outbox_id, bool *changed,
				   struct err *e);

/* Leaves of one row what may be kept of an erased person. */
MUST_CHECK enum err_code scrub_erase(struct scrub *s, int64_t outbox_id, struct err *e);

#endif
