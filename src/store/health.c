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

enum err_code health_page_size(struct db *db, int64_t *bytes, struct err *e)
{
	return db_int(db, "PRAGMA page_size", 0, bytes, e);
}

/* Through SQLite's own descriptor: opening and closing the file would drop its locks. The four
 * bytes are those of https://www.sqlite.org/fileformat.html, 1.3.17. */
enum err_code health_last_writer(struct db *db, int *version_number, struct err *e)
{
	enum { AT = 96 };
	unsigned char bytes[4] = {0};
	sqlite3_file *file = NULL;
	int rc = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER,
				      &file);

	if (rc == SQLITE_OK && file && file->pMethods)
		rc = file->pMethods->xRead(file, bytes, sizeof(bytes), AT);
	if (rc != SQLITE_OK)
		return err_set(e, ERR_IO, "read the header of '%s': %s", db->path,
			       sqlite3_errstr(rc));
	*version_number = bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
	return ERR_OK;
}

enum err_code health_tokens(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(out, db,
			 "SELECT t.id, t.name, c.set_at, r.word, t.pixel_id, "
			 "coalesce(t.last_error, 'none') FROM destination t "
			 "LEFT JOIN credential c ON c.destination_id = t.id "
			 "AND c.field = 'token' LEFT JOIN reason r ON r.id = t.reason "
			 "WHERE t.removed = 0 ORDER BY t.name",
			 e);
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
