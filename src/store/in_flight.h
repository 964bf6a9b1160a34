/* SPDX-License-Identifier: MIT
 * in_flight.h - the rows that are in a request right now: those of the open attempts. Few, and
 * known by their ids alone; they may lie far apart.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     schema/schema.sql (attempt), store/members.h. */
#ifndef STORE_IN_FLIGHT_H
#define STORE_IN_FLIGHT_H

#include "store/db.h"

/* One row, ascending within a request; an error ends the walk. */
typedef enum err_code in_flight_fn(void *arg, int64_t outbox_id, struct err *e);

/* destination_id 0: of all. */
MUST_CHECK enum err_code in_flight_each(struct db *db, int32_t destination_id,
					in_flight_fn *fn, void *arg, struct err *e);

/* Of whichever destination. */
MUST_CHECK enum err_code in_flight_has(struct db *db, int64_t outbox_id, bool *has,
				       struct err *e);

#endif
