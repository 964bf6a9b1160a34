/* SPDX-License-Identifier: MIT
 * prune.h - what is older than it is to be kept goes: settled rows with their deliveries and
 * requests, visits, and much later the ids that deduplication remembers.
 *
 * Age is counted in days on which the relay noted how far it had come (table milestone), but for
 * those that a later day contradicts. A clock that has jumped ahead is believed from the next
 * day on, and an hour takes one day's rows at most: one that is wrong for a while costs nothing.
 *
 * Owns:    statements, from prune_open to prune_close.
 * Thread:  the writer's; prune_begin and prune_some inside its transaction.
 * Errors:  the database's.
 * See:     schema/schema.sql (milestone); run/pruning.h, who calls. */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

#include "store/queue.h"
#include "store/sighting.h"

#define PRUNE_ROWS 200 /* in a transaction: no producer waits long */
#define PRUNE_EVERY_MS (60 * 60 * 1000)

struct prune_limits {
	int64_t retention_days, dedup_days; /* 0: for ever */
};

struct milestone {
	int64_t day; /* of the Unix epoch; 0: none */
	int64_t outbox_id, visit_id, attempt_id;
};

enum prune_stage {
	PRUNE_OUTBOX,
	PRUNE_VISITS,
	PRUNE_ATTEMPTS,
	PRUNE_FREE_PAGES,
	PRUNE_END
};

/* How far a pass has come. */
struct prune_place {
	enum prune_stage stage;
	int64_t row, visit; /* looked at up to here */
	int64_t rows_gone, visits_gone, attempts_gone;
};

struct prune {
	struct db *db;
	struct queue *queue; /* for its counters */
	struct sighting_reader sightings;
	sqlite3_stmt *note, *oldest, *rows, *many, *kept_waiting, *kept_plain, *drop_rows,
		*drop_deliveries, *drop_derived, *drop_duplicates, *visits, *drop_visit,
		*drop_page, *drop_untimed, *drop_attempts;
	struct milestone upto;       /* of the pass */
	struct prune_place at, next; /* committed, and by the transaction */
	int64_t first, last;         /* of the slice */
	int64_t *kept;               /* rows of it that are not settled */
	size_t kept_count, kept_cap;
	int64_t pages_kept; /* free ones that stay, to be used again */
};

MUST_CHECK enum err_code prune_open(struct prune *p, struct queue *queue, struct err *e);
void prune_close(struct prune *p);
/* Notes how far the relay has come today, and begins a pass; *any: something is old enough. */
MUST_CHECK enum err_code prune_begin(struct prune *p, const struct prune_limits *limits,
				     int64_t now_ms, bool *any, struct err *e);

/* The next slice, until prune_committed always the same; *more is false at the pass's end. */
MUST_CHECK enum err_code prune_some(struct prune *p, bool *more, struct err *e);
void prune_committed(struct prune *p);

/* Rows below have gone, for the indexes to forget: of the outbox, of visits, and those whose
 * ids are forgotten. */
struct prune_floors {
	int64_t outbox_id, visit_id, dedup_id;
};
MUST_CHECK enum err_code prune_floors_read(struct db *db, struct prune_floors *out,
					   struct err *e);

#endif
