/* SPDX-License-Identifier: MIT
 * unread.h - what producers wrote and no relay has taken up yet, for a connection that only
 * looks: preview, why, simulate and forget see what the relay will see.
 *
 * Visits and consent rows go to temporary tables, which page_view and statement are views of
 * from then on, together with those of the file; what they and conversions join, to a kin.
 * Nothing of it reaches the file. A file that is read up costs one question.
 *
 * Owns:    memory, from unread_open to unread_close; the tables are the connection's.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     store/ingest.h, by which the relay does the same for good. */
#ifndef STORE_UNREAD_H
#define STORE_UNREAD_H

#include "store/ingest.h"

struct unread {
	struct db *db;
	struct ingest ingest;
	int64_t now_ms;
};

/* On a connection for looking, before anything is prepared that reads page_view. */
MUST_CHECK enum err_code unread_open(struct unread *u, struct db *db, int64_t now_ms,
				     struct err *e);
void unread_close(struct unread *u);

/* What visits and consent rows join. */
static inline const struct kin *unread_kin(const struct unread *u)
{
	return &u->ingest.kin;
}

/* Adds what conversions up to the row join that have not been taken up; of many, the latest
 * `most` rows. *left_out: how many there may be before those. */
MUST_CHECK enum err_code unread_conversions(struct unread *u, int64_t upto_id,
					    int64_t most, struct kin *out,
					    int64_t *left_out, struct err *e);

#endif
