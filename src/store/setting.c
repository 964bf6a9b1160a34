/* SPDX-License-Identifier: MIT */
#include "store/setting.h"

enum err_code setting_int(struct db *db, const char *name, int64_t otherwise,
			  int64_t *out, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_kept(db, "SELECT value FROM setting WHERE name = ?1", &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(name));
	e->code = db_step(db, stmt, &row, e);
	if (e->code == ERR_OK)
		*out = row ? sqlite3_column_int64(stmt, 0) : otherwise;
	sqlite3_reset(stmt);
	return e->code;
}

enum err_code setting_set_int(struct db *db, const char *name, int64_t value,
			      struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db,
		       "INSERT INTO setting (name, value) VALUES (?1, ?2) "
		       "ON CONFLICT DO UPDATE SET value = ?2",
		       &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(name));
	sqlite3_bind_int64(stmt, 2, value);
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code config_bump(struct db *db, struct err *e)
{
	return db_exec(db,
		       "INSERT INTO setting (name, value) VALUES ('config_version', 1) "
		       "ON CONFLICT DO UPDATE SET value = value + 1",
		       e);
}
