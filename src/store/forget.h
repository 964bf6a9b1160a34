/* SPDX-License-Identifier: MIT
 * forget.h - erases a person: what waits, or ended without being sent, is cancelled for good, what
 * is settled keeps its ids and what was bought, visits and consents go, and so does what was
 * concluded from them.
 *
 * Who the person is, is decided as for enrichment: the identifier and all that were seen
 * together with it within the limits of core/identity.h. In a payload the identifier counts
 * wherever it stands, plain or hashed.
 *
 * Owns:    statements and scratch memory, from forget_open to forget_close.
 * Thread:  the connection's; the calls that change run inside the caller's transaction. A row
 *          in flight belongs to the relay and is left alone.
 * Errors:  DATA the value is none of its kind; else the database's.
 * See:     core/redact.h (redact_erase). */
#ifndef STORE_FORGET_H
#define STORE_FORGET_H

#include "core/identifier.h"
#include "store/counter.h"
#include "store/given_up.h"
#include "store/scrub.h"

#define FORGET_SLICE 500 /* rows looked at in one go */

struct forget {
	struct db *db;
	struct scrub scrub;
	struct counter counter;
	struct given_up given_up;
	struct buf text, normal;
	sqlite3_stmt *rows, *visits, *consents, *waiting, *delivered, *open, *to_delivery,
		*unwait, *cancel, *ended, *end, *drop_visit, *drop_consent, *drop_pages,
		*drop_statements;
	char hex[DIGEST_HEX_LEN]; /* of the identifier */
	struct buf plain; /* its normal form; empty where only the hash was given */
	uint64_t *nodes;  /* the person, sorted */
	size_t node_count;
	int64_t found[FORGET_SLICE]; /* rows of the slice that are the person's */
	size_t found_count;
	int64_t position; /* rows up to here were looked at */
	int64_t now_ms, cursor;
	int64_t cancelled, erased, in_flight, visits_gone, consents_gone;
};

MUST_CHECK enum err_code forget_open(struct forget *f, struct db *db,
				     enum identity_kind kind, const char *value,
				     struct err *e);
void forget_close(struct forget *f);

/* Looks at the next rows of the outbox, visit or consent; *more is false behind the last.
 * Changes nothing. Set f->position to 0 before the first of each table. */
enum forget_table { FORGET_OUTBOX, FORGET_VISIT, FORGET_CONSENT };
MUST_CHECK enum err_code forget_look(struct forget *f, enum forget_table table,
				     bool *more, struct err *e);

/* Erases what the last look found. */
MUST_CHECK enum err_code forget_erase(struct forget *f, enum forget_table table,
				      struct err *e);

/* Erases what was concluded: edges, page views, statements. */
MUST_CHECK enum err_code forget_graph(struct forget *f, struct err *e);

#endif
