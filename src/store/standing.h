/* SPDX-License-Identifier: MIT
 * standing.h - which of the rows that bear one event_id counts.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     store/admit.c, which gives ids to rows. */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include "store/db.h"

enum standing {
	STANDING_NONE = -1,
	STANDING_DUPLICATE,
	STANDING_GAVE_UP, /* ended unsent */
	STANDING_UNREAD,  /* not taken up */
	STANDING_HOLDS,   /* waits, is in flight or was sent */
	STANDING_AROUND,  /* ended, and a request lies around it: nobody has looked */
};

/* Of these rows, the newest first, the one that counts; *out NONE: there is no row. */
MUST_CHECK enum err_code standing_best(struct db *db, const int64_t *ids, int count,
				       int64_t *holder, enum standing *out,
				       struct err *e);

#endif
