/* SPDX-License-Identifier: MIT
 * census.h - the counters of the file, for a monitoring: rows by destination, status and
 * reason, and what ended when.
 *
 * Owns:    nothing.
 * Thread:  the connection's, opened with DB_READ.
 * Errors:  the database's.
 * See:     schema/schema.sql (counter, quarter); store/status.h, the same for people. */
#ifndef STORE_CENSUS_H
#define STORE_CENSUS_H

#include "store/rows.h"

/* destination ("": none was reached), status, reason ("": none), count; in this order. */
MUST_CHECK enum err_code census_counts(struct db *db, struct rows *out, struct err *e);

/* destination, what waits for it or is under way (a row that is not taken up yet counts at
 * each), age of the oldest in seconds, state. */
MUST_CHECK enum err_code census_backlog(struct db *db, struct rows *out, struct err *e);

/* Rows that are not taken up yet. */
MUST_CHECK enum err_code census_unclaimed(struct db *db, int64_t *out, struct err *e);

/* quarter (Unix seconds / 900), status by number, count, of the quarters from `first` on; of
 * one destination, or of all where the name is empty. The name stays until rows_close. */
MUST_CHECK enum err_code census_quarters(struct db *db, int64_t first, struct str name,
					 struct rows *out, struct err *e);

/* event, count: the names that are not mapped and came most often. */
MUST_CHECK enum err_code census_unmapped(struct db *db, int max, struct rows *out,
					 struct err *e);

#endif
