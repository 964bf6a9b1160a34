/* SPDX-License-Identifier: MIT
 * person.h - what the file knows of a person: other identifiers, pages, statements.
 *
 * Owns:    statements and the memory of the last person_reach.
 * Thread:  the connection's. Text is borrowed until the walk's next row.
 * Errors:  the database's.
 * See:     store/ingest.h, who writes it; run/enrich.h, who asks. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "core/statement.h"
#include "store/kinship.h"

struct person_reader {
	struct db *db;
	sqlite3_stmt *known, *newest, *oldest, *statement;
	struct reach *reach;
	struct runs runs;
	struct sighting_reader sightings;
	struct kinship *kinship, *own_kinship;
	bool has_edges, has_pages, has_statements; /* a file without costs nothing */
};

/* One visit. */
struct page {
	int64_t seen_ms, visit_id;
	struct str url, referrer, ttclid, ttp, ip, user_agent;
};
/* kinship: the relay's; NULL: its own, read at the first person_refresh. */
MUST_CHECK enum err_code person_open(struct person_reader *p, struct db *db,
				     struct kinship *kinship, struct err *e);
void person_close(struct person_reader *p);

/* At the start of a read transaction. *behind: visits or consent rows are not ingested. */
MUST_CHECK enum err_code person_refresh(struct person_reader *p, bool *behind,
					struct err *e);

/* The row's own edges, then all in reach of its identifiers and not after upto_s, breadth
 * first, those of `kin` (or NULL) among them; at most IDENTITY_EDGES_MAX, out of at most
 * PERSON_ROWS_MAX rows of the index. */
#define PERSON_ROWS_MAX 256
struct person_row {
	const struct identifiers *ids;
	int64_t at_s, row_id;
};
struct person_edges {
	const struct identity_edge *list;
	size_t count, own;     /* the first `own` are the row's */
	const uint64_t *nodes; /* that were come to, the row's first */
	size_t node_count;
	bool known[IDENTIFIERS_MAX]; /* ids[i] was seen with ids[0] by then */
};
MUST_CHECK enum err_code person_reach(struct person_reader *p, const struct kin *kin,
				      const struct person_row *row, int64_t upto_s,
				      struct person_edges *out, struct err *e);

/* The SHA-256 of an end of the edge, from its row; *found is false where that has gone. */
MUST_CHECK enum err_code person_value(struct person_reader *p,
				      const struct identity_edge *edge, uint64_t node,
				      unsigned char out[DIGEST_LEN], bool *found,
				      struct err *e);

/* A node's pages, the newest first unless `oldest_first`. fn returns false to stop. */
#define PERSON_PAGES_MAX 500
struct page_span {
	int64_t from_ms, to_ms;
	bool clicks_only, oldest_first;
};
typedef bool person_page_fn(void *arg, const struct page *page);
MUST_CHECK enum err_code person_pages(struct person_reader *p, uint64_t node,
				      const struct page_span *span, person_page_fn *fn,
				      void *arg, struct err *e);

/* Into *said what was said there until now_ms and later than its `own`. by_name: rows that name a
 * person are their own, too; but in a browser, where rows that have an address are others', too. */
MUST_CHECK enum err_code person_statement(struct person_reader *p, uint64_t node,
					  bool by_name, int64_t now_ms, struct said *said,
					  struct err *e);

#endif
