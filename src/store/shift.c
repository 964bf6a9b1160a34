/* SPDX-License-Identifier: MIT */
#include "store/shift.h"

#include "base/clock.h"
#include "store/setting.h"

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

static enum err_code move(struct db *db, const struct shift *shift, int64_t after,
			  int64_t last, struct err *e)
{
	sqlite3_stmt *s;

	if (db_kept(db, shift_sql, &s, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(s, 1, shift->by_ms);
	sqlite3_bind_int64(s, 2, shift->since_ms);
	sqlite3_bind_int64(s, 3, shift->at_ms);
	sqlite3_bind_int64(s, 4, after);
	sqlite3_bind_int64(s, 5, last);
	sqlite3_bind_int64(s, 6, shift->cap_ms);
	return db_run(db, s, e);
}

static const char by_name[] = "clock_step_by", since_name[] = "clock_step_since",
		  at_name[] = "clock_step_at", key_name[] = "clock_step_key";

/* With what has moved; not where all of it does at once, nor what may be begun again. */
static enum err_code keep(struct db *db, const struct shift *shift, int64_t last,
			  struct err *e)
{
	e->code = ERR_OK;
	if (shift->by_ms == 0 || (shift->key == 0 && last == 0))
		return ERR_OK;
	if (shift->key == 0 &&
	    (setting_set_int(db, by_name, shift->by_ms, e) != ERR_OK ||
	     setting_set_int(db, since_name, shift->since_ms, e) != ERR_OK ||
	     setting_set_int(db, at_name, shift->at_ms, e) != ERR_OK))
		return e->code;
	return setting_set_int(db, key_name, last, e);
}

enum err_code shift_some(struct db *db, const struct shift *shift, uint64_t most_ms,
			 int64_t *last, struct err *e)
{
	uint64_t end = clock_mono_ms() + most_ms;
	int64_t after = shift->key;

	do {
		if (end_of_slice(db, after, last, e) != ERR_OK)
			return e->code;
		if (*last && move(db, shift, after, *last, e) != ERR_OK)
			return e->code;
		after = *last;
	} while (*last && clock_mono_ms() < end);
	return keep(db, shift, *last, e);
}

enum err_code shift_left(struct db *db, struct shift *shift, struct err *e)
{
	if (setting_int(db, key_name, 0, &shift->key, e) != ERR_OK || shift->key == 0 ||
	    setting_int(db, by_name, 0, &shift->by_ms, e) != ERR_OK ||
	    setting_int(db, since_name, 0, &shift->since_ms, e) != ERR_OK)
		return e->code;
	return setting_int(db, at_name, 0, &shift->at_ms, e);
}
