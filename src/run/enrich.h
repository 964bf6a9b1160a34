/* SPDX-License-Identifier: MIT
 * enrich.h - what the file knows beside the row: its session's pages, the person's other
 * identifiers as of the event's time, what was said of consent, and who earned the credit.
 *
 * A file without visits, consent rows and joined identifiers costs one question a
 * transaction. A row with n identifiers costs n hashes, a look in memory for each (a filter
 * keeps those that are new from the table), and n - 1 edges that are written when it is
 * admitted, unless they are known.
 *
 * Owns:    statements and memory, from enrich_open to enrich_close. What it found is valid
 *          until the next row.
 * Thread:  the judge's.
 * Errors:  the database's.
 * See:     store/person.h, core/identity.h, core/attribution.h; run/judge.h, who calls. */
#ifndef RUN_ENRICH_H
#define RUN_ENRICH_H

#include "core/decide.h"
#include "store/config.h"
#include "store/person.h"

struct judge;
struct ruling;

struct enrich {
	struct person_reader person;
	struct identity_view *view, *view_now;
	struct touch_list *touches;
	struct buf text; /* what enrichments point into; never moves */
	/* NULL, or where the rows' own edges and the nodes they came to are collected */
	struct kin *kin;
	struct met *met;
	uint32_t met_row;
	bool behind; /* visits or consent rows are not ingested yet */
	/* of the row */
	struct identifiers ids;
	int64_t event_s, event_ms; /* to its end, where only its second is known */
	int64_t said_ms;           /* its payload says what was so then */
	const struct identity_member *members; /* the person at event_s */
	size_t member_count;
};

/* kinship: the relay's; NULL: its own, read at the first person_refresh. */
MUST_CHECK enum err_code enrich_open(struct enrich *n, struct db *db,
				     struct kinship *kinship, struct err *e);
void enrich_close(struct enrich *n);

/* Fills the judge's enrichment, by the destination's clock (NULL: UTC). `t` may be NULL, as below. */
MUST_CHECK enum err_code enrich_row(struct judge *j, const struct destination_config *d,
				    int64_t now_ms, const struct trace *t, struct err *e);

/* What depends on the destination's windows and model: the person's ttclid, the credit, and
 * whether TikTok gets to hear of it. */
MUST_CHECK enum err_code credit_ruling(struct judge *j, struct ruling *r,
				       const struct trace *t, struct err *e);

/* What the person, and whoever shares an identifier, stated of consent. */
MUST_CHECK enum err_code permission_find(struct judge *j,
					 const struct person_edges *edges, int64_t now_ms,
					 const struct trace *t, struct err *e);

/* The person as known now; members as of the event stay. */
size_t enrich_resolve_now(struct enrich *n, const struct person_edges *edges,
			  const struct identity_member **members);
bool enrich_is_own(const struct enrich *n, uint64_t node); /* the row's */

/* A copy that lives as long as the row; empty where it does not fit. */
struct str enrich_keep(struct enrich *n, struct str text);

/* The page's ttclid, of its column or its URL; empty where it has none. */
struct str enrich_ttclid(struct enrich *n, const struct page *page, struct buf *tmp);

/* Time of a trace's line. */
#define ENRICH_TIME 32
const char *enrich_time(int64_t unix_s, char out[ENRICH_TIME]);

void enrich_tell(const struct trace *t, const char *step, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif
