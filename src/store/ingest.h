/* SPDX-License-Identifier: MIT
 * ingest.h - visits, consent rows and what conversions tell of persons, into the narrow tables
 * that enrichment reads. The only writer of identity_edge, page_view and statement.
 *
 * A page view costs one narrow row, a consent row one for each identifier, and n identifiers
 * seen together 2 * (n - 1) rows, in sorted order; a pair that is known costs a look.
 *
 * Owns:    statements and a zone, from ingest_open to ingest_close.
 * Thread:  the writer's; every call but open and close runs inside its transaction.
 * Errors:  the database's. A row that cannot be read is passed over.
 * See:     schema/schema.sql (identity_edge, page_view, statement); store/person.h. */
#ifndef STORE_INGEST_H
#define STORE_INGEST_H

#include "core/kin.h"
#include "store/db.h"

#define INGEST_SLICE                                                                     \
	1000 /* rows of each table in a transaction: no producer waits long */

struct ingest {
	struct db *db;
	sqlite3_stmt *visits, *consents, *put_edge, *put_page, *put_statement, *disable;
	struct digest digest;
	struct buf text, normal;
	struct zone *zone; /* where a time without offset is read; NULL: UTC */
	char zone_name[64], country[3];
	struct kin kin;
	struct directed *directed; /* the edges of a slice, both ways, sorted */
	size_t directed_cap;
};

struct ingested {
	int visits, consents; /* rows read */
	bool complete;        /* there are no more */
	int64_t covered; /* complete: outbox rows up to here came with or after them */
};

MUST_CHECK enum err_code ingest_open(struct ingest *g, struct db *db, struct err *e);
void ingest_close(struct ingest *g);

/* At most INGEST_SLICE rows of each table; a row without a time counts as seen now. */
MUST_CHECK enum err_code ingest_slice(struct ingest *g, int64_t now_ms,
				      struct ingested *out, struct err *e);

/* The edges of conversions. */
MUST_CHECK enum err_code ingest_kin(struct ingest *g, const struct kin *kin,
				    struct err *e);

/* Takes an edge out of use, or back; *found is false where there is none. */
MUST_CHECK enum err_code ingest_disable(struct ingest *g, uint64_t a, uint64_t b,
					bool disabled, bool *found, struct err *e);

#endif
