/* SPDX-License-Identifier: MIT
 * difference.h - whether two rows of one event_id tell of two conversions.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's. */
#ifndef STORE_DIFFERENCE_H
#define STORE_DIFFERENCE_H

#include "store/db.h"

/* Whether both have an order_id, or both a value, and it is another. False where one is gone:
 * what a duplicate leaves out or adds makes it no other conversion. */
MUST_CHECK enum err_code difference_find(struct db *db, int64_t first, int64_t second,
					 bool *differs, struct err *e);

#endif
