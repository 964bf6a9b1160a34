/* SPDX-License-Identifier: MIT
 * outbox.h - reading what producers committed: new rows by range, waiting rows by due time.
 *
 * Owns:    its statements, from outbox_open to outbox_close.
 * Thread:  the connection's. Rows are borrowed until the next step; of a column that is longer
 *          than BOUNDED_MAX there is the beginning, which is too long for any use as well.
 * Errors:  the database's.
 * See:     schema/schema.sql (outbox, waiting). */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "core/conversion.h"
#include "store/bounded.h"

/* The id that stands in a row's column, in SQL: one of blanks is none (core/conversion.c). */
#define OUTBOX_OWN_ID(id)                                                                \
	"CASE WHEN trim(" id ", char(9, 10, 11, 12, 13, 32)) <> '' THEN " id " END"

struct outbox_reader {
	struct db *db;
	sqlite3_stmt *range, *one, *due, *next_due, *edges, *duplicates;
	struct bounded walk; /* of outbox_one */
};

/* A row that waits, beside the row of the outbox. */
struct waiting_row {
	bool gone; /* somebody has deleted the row: nothing but its id is known */
	bool retrying, unknown;
	int attempts;
	int64_t first_sent_ms, event_hash; /* of the event_id that it had; 0: not known */
	/* of one that is gone */
	int64_t name_id, event_time;
	int utc_offset_s, limited_data_use; /* -1: absent */
};

MUST_CHECK enum err_code outbox_open(struct outbox_reader *r, struct db *db,
				     struct err *e);
void outbox_close(struct outbox_reader *r);

/* A producer's time as it stands in a column; text is borrowed as db_column's. */
struct event_time outbox_time(sqlite3_stmt *s, int column);

/* When the row was written, Unix ms; where it does not say: known_ms, or now where that is 0. */
int64_t outbox_created_ms(sqlite3_stmt *s, int column, int64_t known_ms);

/* The first id behind `after` and the last of all; 0 where there is none. */
MUST_CHECK enum err_code outbox_edges(struct outbox_reader *r, int64_t after,
				      int64_t *first, int64_t *last, struct err *e);

/* Called for each row; false stops the walk. `waiting` is NULL for outbox_range. */
typedef bool outbox_row_fn(void *arg, const struct outbox_row *row,
			   const struct waiting_row *waiting);

/* Rows first..last by id. */
MUST_CHECK enum err_code outbox_range(struct outbox_reader *r, int64_t first,
				      int64_t last, outbox_row_fn *fn, void *arg,
				      struct err *e);

/* At most `limit` rows that are due at `now_ms` for the destination, by outbox id. */
MUST_CHECK enum err_code outbox_due(struct outbox_reader *r, int32_t destination_id,
				    int64_t now_ms, int limit, outbox_row_fn *fn,
				    void *arg, struct err *e);

/* Duplicates taken up before it was sent that say they were written until then, in order. */
MUST_CHECK enum err_code outbox_duplicates(struct outbox_reader *r, int64_t first_id,
					   int64_t upto_ms, outbox_row_fn *fn, void *arg,
					   struct err *e);

/* When the destination's next waiting row is due, Unix ms; 0: none waits. */
MUST_CHECK enum err_code outbox_next_due(struct outbox_reader *r, int32_t destination_id,
					 int64_t *due_ms, struct err *e);

/* One row by id; borrowed until the next call. As with outbox_due, event_id is also one that
 * was derived before. */
MUST_CHECK enum err_code outbox_one(struct outbox_reader *r, int64_t id,
				    struct outbox_row *row, bool *found, struct err *e);
/* Gives it back, for who goes on with another snapshot or writes it. */
void outbox_release(struct outbox_reader *r);

#endif
