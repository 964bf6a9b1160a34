/* SPDX-License-Identifier: MIT
 * overlong.h - values longer than BOUNDED_MAX, which nobody makes use of: looked through and
 * overwritten where they lie, in bounded memory.
 *
 * Owns:    nothing.
 * Thread:  the connection's; overlong_blank inside the caller's transaction.
 * Errors:  the database's.
 * See:     store/bounded.h, who reads the rows of which they are. */
#ifndef STORE_OVERLONG_H
#define STORE_OVERLONG_H

#include "store/db.h"

struct overlong {
	struct db *db;
	const char *table, *column;
	int64_t id;
};

/* Asked for a piece of the value; pieces overlap by more than an address is long. What is before
 * piece.p is a '?', so that a piece can be read as the query of a URL. */
typedef bool overlong_fn(void *arg, struct str piece, bool first);

/* *told: fn has said yes, and was not asked again. */
MUST_CHECK enum err_code overlong_search(const struct overlong *o, overlong_fn *fn,
					 void *arg, bool *told, struct err *e);

/* Of whatever length: blanks in place of all of it. SQLite would read the whole row and write
 * it anew. */
MUST_CHECK enum err_code overlong_blank(const struct overlong *o, struct err *e);

#endif
