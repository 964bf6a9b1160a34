/* SPDX-License-Identifier: MIT */
#include "store/health.h"

#include <stdio.h>

const char *health_sqlite_version(void)
{
	return sqlite3_libversion();
}

int health_sqlite_number(void)
{
	return sqlite3_libversion_number();
}

bool health_has_wal_reset_bug(int version_number)
{
	int minor = version_number / 1000, patch = version_number % 1000;

	if (minor == 3044)
		return patch < 6;
	if (minor == 3050)
		return patch < 7;
	return version_number < 3051003;
}

/* The text of a statement's first row. */
static enum err_code text_of(struct db *db, const char *sql, char *out, size_t cap,
			     struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	e->code = db_step(db, stmt, &row, e);
	if (e->code == ERR_OK)
		snprintf(out, cap, "%.*s", STR_ARG(row ? db_column(stmt, 0) : STR_NONE));
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code health_is_wal(struct db *db, bool *out, struct err *e)
{
	char mode[20];

	if (text_of(db, "PRAGMA journal_mode", mode, sizeof(mode), e) != ERR_OK)
		return e->code;
	*out = str_eq(str_of(mode), STR("wal"));
	return ERR_OK;
}

enum err_code health_tokens(struct db *db, int64_t *destinations, int64_t *without_token,
			    struct err *e)
{
	if (db_int(db, "SELECT count(*) FROM destination WHERE removed = 0", 0,
		   destinations, e) != ERR_OK)
		return e->code;
	return db_int(
		db,
		"SELECT count(*) FROM destination t WHERE removed = 0 AND NOT EXISTS "
		"(SELECT 1 FROM credential c WHERE c.destination_id = t.id "
		"AND c.field = 'token')",
		0, without_token, e);
}

enum err_code health_left_behind(struct db *db, int64_t *count, struct err *e)
{
	return db_int(
		db,
		"SELECT count(*) FROM queue q CROSS JOIN outbox o ON o.id <= q.cursor "
		"WHERE NOT EXISTS (SELECT 1 FROM delivery d "
		"WHERE d.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023) "
		"AND NOT EXISTS (SELECT 1 FROM waiting w "
		"WHERE w.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023) "
		"AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.outcome IS NULL "
		"AND o.id BETWEEN a.first_id AND a.last_id)",
		0, count, e);
}

enum err_code health_integrity(struct db *db, char finding[200], struct err *e)
{
	return text_of(db, "PRAGMA integrity_check(1)", finding, 200, e);
}
