/* SPDX-License-Identifier: MIT */
#include "store/rows.h"

enum err_code rows_open(struct rows *r, struct db *db, const char *sql, struct err *e)
{
	*r = (struct rows){.db = db};
	return db_prepare(db, sql, &r->stmt, e);
}

enum err_code rows_next(struct rows *r, bool *row, struct err *e)
{
	return db_step(r->db, r->stmt, row, e);
}

void rows_close(struct rows *r)
{
	sqlite3_finalize(r->stmt);
	r->stmt = NULL;
}

int rows_columns(const struct rows *r)
{
	return sqlite3_column_count(r->stmt);
}

const char *rows_name(const struct rows *r, int column)
{
	return sqlite3_column_name(r->stmt, column);
}

enum rows_type rows_type(const struct rows *r, int column)
{
	switch (sqlite3_column_type(r->stmt, column)) {
	case SQLITE_NULL: return ROWS_NULL;
	case SQLITE_INTEGER: return ROWS_INT;
	case SQLITE_FLOAT: return ROWS_REAL;
	default: return ROWS_TEXT;
	}
}

int64_t rows_int(const struct rows *r, int column)
{
	return sqlite3_column_int64(r->stmt, column);
}

double rows_real(const struct rows *r, int column)
{
	return sqlite3_column_double(r->stmt, column);
}

struct str rows_text(const struct rows *r, int column)
{
	return db_column(r->stmt, column);
}

enum err_code rows_offer(struct db *db, const char *sql, int64_t a, struct nearest *near,
			 struct err *e)
{
	struct rows r;
	bool row;

	if (rows_open(&r, db, sql, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(r.stmt, 1, a);
	while (rows_next(&r, &row, e) == ERR_OK && row)
		nearest_offer(near, rows_text(&r, 0));
	rows_close(&r);
	return e->code;
}
