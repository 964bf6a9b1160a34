/* SPDX-License-Identifier: MIT
 * place.h - where a visit or a consent row is at home: no such row belongs to a destination, so that
 * the zone and the country of the first one are taken for what is written without.
 *
 * Owns:    a statement and a zone, from place_open to place_close.
 * Thread:  the connection's.
 * Errors:  the database's; IO a zone that cannot be read now: nothing is to be read by another. */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "core/time_zone.h"
#include "store/db.h"

struct place {
	struct db *db;
	sqlite3_stmt *first;
	struct zone *zone; /* NULL: UTC */
	char zone_name[64], country[3];
};

MUST_CHECK enum err_code place_open(struct place *p, struct db *db, struct err *e);
void place_close(struct place *p);

/* What the file says now; where there is no destination any more, what it said last. */
MUST_CHECK enum err_code place_refresh(struct place *p, struct err *e);

#endif
