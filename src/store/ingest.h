/* SPDX-License-Identifier: MIT
 * ingest.h - visits and consent rows, into the narrow tables that enrichment reads. The only
 * writer of page_view and statement.
 *
 * A page view costs one narrow row, a consent row one for each identifier; what either joins
 * goes where conversions' edges go.
 *
 * Owns:    statements and a place, from ingest_open to ingest_close.
 * Thread:  the writer's; every call but open and close runs inside its transaction.
 * Errors:  the database's and a place's. A row that cannot be read is passed over.
 * See:     schema/schema.sql (page_view, statement); store/edges.h; store/person.h. */
#ifndef STORE_INGEST_H
#define STORE_INGEST_H

#include "store/edges.h"
#include "store/place.h"

/* Rows of each table in a transaction: no producer waits long. */
#define INGEST_SLICE 1000
#define INGEST_MS 20 /* or as many as fit */

/* Where rows go that a connection which only looks has read: temporary tables of the same
 * columns, nothing of which reaches the file. */
#define UNREAD_PAGES "temp.unread_page"
#define UNREAD_STATEMENTS "temp.unread_statement"

struct ingest {
	struct db *db;
	sqlite3_stmt *visits, *consents, *put_page, *put_statement;
	struct digest digest;
	struct buf text, normal;
	struct place place;
	struct edges *edges; /* NULL: it only looks */
	struct kin kin;      /* of the slice; of all that was read where it only looks */
	int64_t visit_at, consent_at; /* read up to here */
};

struct ingested {
	int visits, consents; /* rows read */
	bool complete;        /* there are no more */
	int64_t covered; /* complete: outbox rows up to here came with or after them */
};

/* edges: NULL on a connection that only looks (store/unread.h). */
MUST_CHECK enum err_code ingest_open(struct ingest *g, struct db *db, struct edges *edges,
				     struct err *e);
void ingest_close(struct ingest *g);

/* At most INGEST_SLICE rows of each table; a row without a time counts as seen now. */
MUST_CHECK enum err_code ingest_slice(struct ingest *g, int64_t now_ms,
				      struct ingested *out, struct err *e);

#endif
