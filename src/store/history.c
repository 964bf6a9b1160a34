/* SPDX-License-Identifier: MIT */
#include "store/history.h"

#include "base/buf.h"
#include "store/advice.h"
#include "store/members.h"

enum { LIST_MAX = 1024 * 1024 };

_Static_assert(REASON_RETRIES_EXHAUSTED == 82 && REASON_CONSENT_DENIED == 130 &&
		       REASON_NEEDS_TOKEN == 17 && REASON_TOKEN_REFUSED == 18 &&
		       REASON_PERMISSION == 19 && REASON_PAUSED == 24,
	       "statements below name them by number");

static enum err_code open_for(struct db *db, const char *sql, int64_t outbox_id,
			      struct rows *out, struct err *e)
{
	if (rows_open(out, db, sql, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(out->stmt, 1, outbox_id);
	return ERR_OK;
}

enum err_code history_row(struct db *db, int64_t outbox_id, struct rows *out,
			  struct err *e)
{
	return open_for(db,
			"SELECT s.id, s.event_id, s.event, s.status, s.reason, "
			"s.created_at, x.outbox_id IS NOT NULL AS other, "
			"length(s.event_id) = 35 AND s.event_id LIKE 'g1!_%' ESCAPE '!' "
			"AS derived "
			"FROM outbox_status s LEFT JOIN derived_id x ON x.outbox_id = "
			"s.id WHERE s.id = ?1",
			outbox_id, out, e);
}

enum err_code history_deliveries(struct db *db, int64_t outbox_id, struct rows *out,
				 struct err *e)
{
	return open_for(
		db,
		"SELECT d.destination, d.status, d.reason, "
		"CASE WHEN r.id = 82 THEN '" ADVICE_EXHAUSTED "' WHEN r.id = 65 "
		"AND d.first_sent_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', "
		"'-47 hours') THEN '" ADVICE_RENAMED "' ELSE '' END || "
		"CASE WHEN r.id = 130 AND coalesce(d.destination IN " ADVICE_STRICT_ONES
		", EXISTS " ADVICE_STRICT_ONES ") THEN '" ADVICE_STRICT "' ELSE "
		"replace(r.advice, 'NAME', coalesce(d.destination, "
		"(SELECT min(w.name) FROM destination_wait w WHERE w.reason = "
		"r.id), 'NAME')) END, "
		"d.attempts, d.first_sent_at, "
		"coalesce(CASE WHEN d.status IN ('pending', 'retrying') THEN "
		"(SELECT coalesce(d.next_attempt_at || ', or ', '') || "
		"CASE n.reason WHEN 24 THEN 'once the destination is resumed' "
		"WHEN 17 THEN 'once the destination has a token and a pixel' "
		"WHEN 18 THEN 'once the destination has another token' "
		"WHEN 19 THEN 'once the token has the permission' END "
		"FROM destination_wait n WHERE n.name = d.destination) END, "
		"d.next_attempt_at), "
		"d.delivered_at, d.tiktok_event, d.limited_data_use, "
		"d.conversion_date_time FROM delivery_status d "
		"LEFT JOIN reason r ON r.word = d.reason "
		"WHERE d.outbox_id = ?1 ORDER BY d.destination",
		outbox_id, out, e);
}

/* Their ids as a JSON list. A request that delivered its rows has no members: it is the last
 * of each of them. */
static enum err_code list_attempts(struct db *db, int64_t outbox_id, struct buf *list,
				   struct err *e)
{
	sqlite3_stmt *attempt;
	bool row;

	if (db_prepare(db,
		       "WITH latest (destination_id, id) AS ("
		       "SELECT key % 1024, attempt_id FROM delivery "
		       "WHERE key BETWEEN ?1 * 1024 AND ?1 * 1024 + 1023 UNION "
		       "SELECT destination_id, attempt_id FROM waiting "
		       "WHERE key BETWEEN ?1 * 1024 AND ?1 * 1024 + 1023 UNION "
		       "SELECT destination_id, id FROM attempt WHERE outcome IS NULL "
		       "AND ?1 BETWEEN first_id AND last_id) "
		       "SELECT a.id, a.members, a.id = l.id AND a.outcome IS NOT NULL "
		       "FROM latest l CROSS JOIN attempt a "
		       "ON a.id BETWEEN l.id - 20000 AND l.id "
		       "WHERE a.destination_id = l.destination_id AND (a.id = l.id OR "
		       "?1 BETWEEN a.first_id AND a.last_id AND a.members IS NOT NULL)",
		       &attempt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(attempt, 1, outbox_id);
	while (db_step(db, attempt, &row, e) == ERR_OK && row)
		if (sqlite3_column_int(attempt, 2) ||
		    members_hold(db_column(attempt, 1), outbox_id))
			buf_addf(list, "%c%lld", list->len ? ',' : '[',
				 (long long)sqlite3_column_int64(attempt, 0));
	buf_adds(list, list->len ? STR("]") : STR("[]"));
	sqlite3_finalize(attempt);
	return e->code;
}

enum err_code history_attempts(struct db *db, int64_t outbox_id, struct rows *out,
			       struct err *e)
{
	struct buf list;

	buf_init(&list, LIST_MAX);
	if (list_attempts(db, outbox_id, &list, e) == ERR_OK &&
	    rows_open(out, db,
		      "SELECT * FROM attempt_log WHERE id IN "
		      "(SELECT value FROM json_each(?1)) ORDER BY id",
		      e) == ERR_OK)
		sqlite3_bind_text(out->stmt, 1, buf_z(&list), (int)list.len,
				  SQLITE_TRANSIENT);
	buf_fini(&list);
	return e->code;
}

enum err_code history_more(struct db *db, int64_t outbox_id, int shown, int64_t *more,
			   struct err *e)
{
	struct rows rows;
	bool row;

	*more = 0;
	if (open_for(db,
		     "SELECT count(*) FROM duplicate WHERE first_id IN (?1, -?1) "
		     "AND outbox_id <> ?1",
		     outbox_id, &rows, e) != ERR_OK)
		return e->code;
	if (rows_next(&rows, &row, e) == ERR_OK && row && rows_int(&rows, 0) >= shown)
		*more = rows_int(&rows, 0) + 1 - shown;
	rows_close(&rows);
	return e->code;
}

enum err_code history_is_duplicate(struct db *db, int64_t outbox_id, bool *out,
				   struct err *e)
{
	struct rows rows;

	if (open_for(db,
		     "SELECT 1 FROM delivery WHERE key BETWEEN ?1 * 1024 AND ?1 * 1024 + "
		     "1023 AND state / 16 = 9",
		     outbox_id, &rows, e) != ERR_OK)
		return e->code;
	e->code = rows_next(&rows, out, e);
	rows_close(&rows);
	return e->code;
}
