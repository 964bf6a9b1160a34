/* SPDX-License-Identifier: MIT */
#include "store/shift.h"

static const char last_sql[] = "SELECT max(key) FROM (SELECT key FROM waiting WHERE "
			       "key > ?1 ORDER BY key LIMIT ?2)";

static const char shift_sql[] =
	"UPDATE waiting SET "
	"due_at = CASE WHEN due_at = 0 THEN 0 WHEN status = 1 "
	"THEN max(1, min(due_at, ?3) + ?1) ELSE max(1, due_at + ?1) END, "
	"first_sent_at = CASE WHEN unknown = 1 AND ?1 > 0 AND "
	"first_sent_at NOT BETWEEN ?2 AND ?3 THEN first_sent_at "
	"ELSE max(1, first_sent_at + ?1) END WHERE key > ?4 AND key <= ?5";

static enum err_code end_of_slice(struct db *db, int64_t after, int64_t *last,
				  struct err *e)
{
	sqlite3_stmt *s;
	bool row;

	*last = 0;
	if (db_kept(db, last_sql, &s, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(s, 1, after);
	sqlite3_bind_int(s, 2, SHIFT_ROWS);
	if (db_step(db, s, &row, e) == ERR_OK && row)
		*last = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return e->code;
}

enum err_code shift_some(struct db *db, const struct shift *shift, int64_t after,
			 int64_t *last, struct err *e)
{
	sqlite3_stmt *s;

	if (end_of_slice(db, after, last, e) != ERR_OK || *last == 0 ||
	    db_kept(db, shift_sql, &s, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(s, 1, shift->by_ms);
	sqlite3_bind_int64(s, 2, shift->since_ms);
	sqlite3_bind_int64(s, 3, shift->at_ms);
	sqlite3_bind_int64(s, 4, after);
	sqlite3_bind_int64(s, 5, *last);
	return db_run(db, s, e);
}
