/* SPDX-License-Identifier: MIT
 * routes.h - the routes in the file: read for the judge, changed by a person.
 *
 * Owns:    what routes_load read, until routes_free; writes run inside the caller's
 *          transaction and bump the configuration.
 * Thread:  the connection's.
 * Errors:  USAGE a condition that cannot be; NOINPUT no such route or destination; CONFIG a
 *          row that this binary cannot read; else the database's.
 * See:     core/route.h, how they match; core/route_parse.h, how conditions are written. */
#ifndef STORE_ROUTES_H
#define STORE_ROUTES_H

#include "core/route.h"
#include "store/rows.h"

#define ROUTES_DROP "drop"

struct routes {
	struct route *list; /* sorted; a target that is removed is 0 */
	size_t count;
	struct route_memory *memory; /* what they point into */
};

MUST_CHECK enum err_code routes_load(struct db *db, struct routes *out, struct err *e);
void routes_free(struct routes *r);

/* As it is typed and stored; a condition that is not asked for is empty. */
struct route_text {
	int64_t id; /* 0: the next one */
	int64_t priority;
	struct str targets; /* "NAME,NAME" or "drop" */
	struct str event, country, min_value, currency, has, consent, sample;
};

MUST_CHECK enum err_code routes_add(struct db *db, const struct route_text *route,
				    int64_t *id, struct err *e);
MUST_CHECK enum err_code routes_remove(struct db *db, int64_t id, struct err *e);
MUST_CHECK enum err_code routes_clear(struct db *db, struct err *e);

/* In the order in which they are looked at. Columns: id, priority, targets, event, country,
 * min_value, currency, has, consent, sample. */
MUST_CHECK enum err_code routes_rows(struct db *db, struct rows *out, struct err *e);

#endif
