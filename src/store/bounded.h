/* SPDX-License-Identifier: MIT
 * bounded.h - reading rows of producers, whose values may have any length, in bounded memory.
 *
 * SQLite reads a value whole, or refuses it for its length. So a walk begins with a limit; where
 * that is met it goes on with the first bytes of whatever is longer.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     core/redact.h: nobody makes use of a value that is longer. */
#ifndef STORE_BOUNDED_H
#define STORE_BOUNDED_H

#include "core/redact.h"
#include "store/db.h"

#define BOUNDED_MAX REDACT_MAX /* of what is longer there is one byte more */

/* A column as it is, and in a statement that is to read in bounded memory. */
#define UNBOUNDED(table, column) table "." column
#define BOUNDED(table, column)                                                           \
	"CASE WHEN typeof(" table "." column ") IN ('text', 'blob') THEN "               \
	"first_bytes('" table "', '" column "', " table ".id) ELSE " table "." column    \
	" END"

enum { BOUNDED_ARGS = 5 };

/* One walk over the rows of a statement. */
struct bounded {
	struct db *db;
	sqlite3_stmt *stmt;  /* that has the row */
	const char *careful; /* the same with BOUNDED columns */
	int64_t arg[BOUNDED_ARGS];
	int args, rows;
	bool is_careful;
};

/* The next value that it is asked with. */
void bounded_bind(struct bounded *b, int64_t value);
/* As db_step. In one transaction, or over rows that only get more at the end. */
MUST_CHECK enum err_code bounded_step(struct bounded *b, bool *row, struct err *e);
void bounded_end(struct bounded *b);

/* What the statements call; db_open does it. */
MUST_CHECK int bounded_register(sqlite3 *handle);

#endif
