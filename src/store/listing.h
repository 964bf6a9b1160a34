/* SPDX-License-Identifier: MIT
 * listing.h - deliveries, newest first or oldest first, without a walk through all history:
 * candidates come from the narrowest place that can have them, delivery_status says what they
 * are, and the counters say when there are no more.
 *
 * Owns:    nothing between two calls of listing_read: whoever prints may take their time, and
 *          the WAL is not held meanwhile.
 * Thread:  the connection's, opened with DB_READ (it reads views).
 * Errors:  the database's. */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include "core/reason.h"
#include "store/rows.h"

struct listing_filter {
	int status;             /* enum status; 0: any */
	int reason;             /* enum reason; 0: any */
	int32_t destination_id; /* 0: any */
	int64_t limit;
	bool oldest_first;
};

struct listing {
	struct db *db;
	struct listing_filter filter;
	int step;
	int64_t position; /* the step's last id, 0: none yet */
	int64_t left;     /* in this step there are no more than so many */
	int64_t given;
};

/* A row: delivery_status' columns in the order of a table, outbox_id the last. */
typedef void listing_fn(void *arg, const struct rows *row);

void listing_begin(struct listing *l, struct db *db, const struct listing_filter *f);

/* Some rows, then *more; false behind the last. */
MUST_CHECK enum err_code listing_read(struct listing *l, listing_fn *fn, void *arg,
				      bool *more, struct err *e);

/* The columns, for a table that may stay empty. */
extern const char *const listing_columns[];
extern const int listing_column_count;

#endif
