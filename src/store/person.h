/* SPDX-License-Identifier: MIT
 * person.h - what the file knows of a person: who is next to an identifier, which pages it
 * saw, what was said of consent.
 *
 * Owns:    statements and the memory of the last person_reach, from person_open to
 *          person_close.
 * Thread:  the connection's. Text is borrowed until the walk's next row.
 * Errors:  the database's.
 * See:     store/ingest.h, who writes it; run/enrich.h, who asks. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "core/kin.h"
#include "core/statement.h"
#include "store/db.h"

struct person_reader {
	struct db *db;
	sqlite3_stmt *known, *edges, *newest, *oldest, *statement;
	struct reach *reach;
	/* as person_refresh found them: a file without any costs nothing */
	bool has_edges, has_pages, has_statements;
};

/* One visit. */
struct page {
	int64_t seen_s, visit_id;
	struct str url, referrer, ttclid, ttp, ip, user_agent;
};

MUST_CHECK enum err_code person_open(struct person_reader *p, struct db *db,
				     struct err *e);
void person_close(struct person_reader *p);

/* At the start of each read transaction. *behind: visits or consent rows were committed
 * that have not been ingested. */
MUST_CHECK enum err_code person_refresh(struct person_reader *p, bool *behind,
					struct err *e);

/* The row's own edges, then all that can be reached from its identifiers and are not after
 * upto_s, breadth first, those of `kin` (may be NULL) among them; at most
 * IDENTITY_EDGES_MAX. Valid until the next call. */
struct person_row {
	const struct identifiers *ids;
	int64_t at_s, row_id;
};
struct person_edges {
	const struct identity_edge *list;
	size_t count, own;           /* the first `own` are the row's */
	bool known[IDENTIFIERS_MAX]; /* ids[i] was seen with ids[0] by then */
};
MUST_CHECK enum err_code person_reach(struct person_reader *p, const struct kin *kin,
				      const struct person_row *row, int64_t upto_s,
				      struct person_edges *out, struct err *e);

/* The SHA-256 of a node that person_reach came to; NULL where it has none. */
const unsigned char *person_digest(const struct person_reader *p, uint64_t node);

/* A node's pages from from_s to to_s, the newest first unless `oldest_first`; at most
 * PERSON_PAGES_MAX. fn returns false to stop the walk. */
#define PERSON_PAGES_MAX 500
struct page_span {
	int64_t from_s, to_s;
	bool clicks_only, oldest_first;
};
typedef bool person_page_fn(void *arg, const struct page *page);
MUST_CHECK enum err_code person_pages(struct person_reader *p, uint64_t node,
				      const struct page_span *span, person_page_fn *fn,
				      void *arg, struct err *e);

/* The latest statement at or before now_ms; *found is false where there is none. */
MUST_CHECK enum err_code person_statement(struct person_reader *p, uint64_t node,
					  int64_t now_ms, struct statement *out,
					  bool *found, struct err *e);

#endif
