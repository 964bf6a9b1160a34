/* SPDX-License-Identifier: MIT
 * listing.h - deliveries, newest first, without a walk through all history: candidates come
 * from the narrowest place that can have them, delivery_status says what they are.
 *
 * Owns:    statements, from listing_open to listing_close.
 * Thread:  the connection's, opened with DB_READ (it reads views).
 * Errors:  the database's. */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include "core/reason.h"
#include "store/rows.h"

struct listing_filter {
	int status;              /* enum status; 0: any */
	int reason;              /* enum reason; 0: any */
	const char *destination; /* NULL: any */
	int64_t limit;
};

struct listing {
	struct db *db;
	struct listing_filter filter;
	struct rows rows; /* the current row, delivery_status' columns */
	sqlite3_stmt *candidates;
	int step;
	int64_t last_id, given;
	bool in_row;
};

MUST_CHECK enum err_code listing_open(struct listing *l, struct db *db,
				      const struct listing_filter *f, struct err *e);
void listing_close(struct listing *l);

/* Moves l->rows; *row is false behind the last. */
MUST_CHECK enum err_code listing_next(struct listing *l, bool *row, struct err *e);

#endif
