/* SPDX-License-Identifier: MIT */
#include "store/shift.h"

static const char last_sql[] = "SELECT max(key) FROM (SELECT key FROM waiting WHERE "
			       "key > ?1 ORDER BY key LIMIT ?2)";

/* What is due later than any wait can be was stamped by another clock, and is due; so is all that
 * is pending. Where the clock was not set, nothing else is written. */
#define TOO_LATE "due_at > ?3 + CASE status WHEN 1 THEN 0 ELSE ?6 END"

static const char shift_sql[] =
	"UPDATE waiting SET "
	"due_at = CASE WHEN due_at = 0 THEN 0 WHEN " TOO_LATE
	" THEN max(1, ?3 + ?1) ELSE max(1, due_at + ?1) END, "
	"first_sent_at = CASE WHEN unknown IS NULL "
	"THEN max(1, min(first_sent_at, ?3) + ?1) "
	"WHEN ?1 > 0 AND first_sent_at NOT BETWEEN ?2 AND ?3 THEN first_sent_at "
	"ELSE max(1, first_sent_at + ?1) END WHERE key > ?4 AND key <= ?5 AND "
	"(?1 <> 0 OR " TOO_LATE " OR (unknown IS NULL AND first_sent_at > ?3))";

static const char farthest_sql[] =
	"SELECT max((SELECT max(due_at) FROM waiting WHERE destination_id = t.id)) FROM "
	"(SELECT 0 AS id UNION ALL SELECT id FROM destination) t";

enum err_code shift_farthest(struct db *db, int64_t *due_ms, struct err *e)
{
	return db_int(db, farthest_sql, 0, due_ms, e);
}

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
	sqlite3_bind_int64(s, 6, shift->cap_ms);
	return db_run(db, s, e);
}
