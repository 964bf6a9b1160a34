/* SPDX-License-Identifier: MIT
 * rows.h - the rows of a question that a store module asks for somebody above, who reads
 * them without knowing SQL.
 *
 * Owns:    a statement, from the module's call that opened it to rows_close.
 * Thread:  the connection's.
 * Errors:  the database's. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "base/nearest.h"
#include "store/db.h"

struct rows {
	struct db *db;
	sqlite3_stmt *stmt;
};

enum rows_type { ROWS_NULL, ROWS_INT, ROWS_REAL, ROWS_TEXT };

/* For store modules: a constant statement, to be bound before the first rows_next. */
MUST_CHECK enum err_code rows_open(struct rows *r, struct db *db, const char *sql,
				   struct err *e);

/* Moves to the next row; *row is false behind the last. */
MUST_CHECK enum err_code rows_next(struct rows *r, bool *row, struct err *e);

void rows_close(struct rows *r);

/* For store modules too: offers the text of each row, with ?1 bound. */
MUST_CHECK enum err_code rows_offer(struct db *db, const char *sql, int64_t a,
				    struct nearest *near, struct err *e);

/* Columns count from 0; names and text are valid until rows_next. */
int rows_columns(const struct rows *r);
const char *rows_name(const struct rows *r, int column);
enum rows_type rows_type(const struct rows *r, int column);
int64_t rows_int(const struct rows *r, int column);
double rows_real(const struct rows *r, int column);
struct str rows_text(const struct rows *r, int column);

#endif
