/* SPDX-License-Identifier: MIT */
#include "store/db_value.h"

struct str db_column(sqlite3_stmt *stmt, int column)
{
	const char *p = sqlite3_column_blob(stmt, column);

	return str_make(p, (size_t)sqlite3_column_bytes(stmt, column));
}

void db_bind(sqlite3_stmt *stmt, int at, struct str text)
{
	sqlite3_bind_text64(stmt, at, text.p, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_unless(sqlite3_stmt *stmt, int at, int64_t value, int64_t none)
{
	if (value == none)
		sqlite3_bind_null(stmt, at);
	else
		sqlite3_bind_int64(stmt, at, value);
}
