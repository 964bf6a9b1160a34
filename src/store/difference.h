/* SPDX-License-Identifier: MIT
 * difference.h - whether two rows of one event_id tell of two conversions.
 *
 * Owns:    its memory, and the event map as it was when it was first needed, until
 *          difference_close.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     core/gist.h, the rule. */
#ifndef STORE_DIFFERENCE_H
#define STORE_DIFFERENCE_H

#include "core/gist.h"
#include "store/db.h"

struct difference {
	struct db *db;
	struct event_map *map;
	struct scratch scratch;
	struct gist first, second;
};

void difference_open(struct difference *d, struct db *db);
void difference_close(struct difference *d);

/* Whether one is another order, value or event. False where one is gone: what a duplicate leaves
 * out or adds makes it no other conversion. */
MUST_CHECK enum err_code difference_find(struct difference *d, int64_t first,
					 int64_t second, bool *differs, struct err *e);

#endif
