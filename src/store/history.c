/* SPDX-License-Identifier: MIT */
#include "store/history.h"

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
			"s.created_at, x.outbox_id IS NOT NULL AS derived "
			"FROM outbox_status s LEFT JOIN derived_id x ON x.outbox_id = "
			"s.id WHERE s.id = ?1",
			outbox_id, out, e);
}

enum err_code history_deliveries(struct db *db, int64_t outbox_id, struct rows *out,
				 struct err *e)
{
	return open_for(db,
			"SELECT d.destination, d.status, d.reason, r.advice, "
			"d.attempts, d.first_sent_at, d.next_attempt_at, "
			"d.delivered_at, d.tiktok_event, d.limited_data_use, "
			"d.conversion_date_time FROM delivery_status d "
			"LEFT JOIN reason r ON r.word = d.reason "
			"WHERE d.outbox_id = ?1 ORDER BY d.destination",
			outbox_id, out, e);
}

enum err_code history_attempts(struct db *db, int64_t outbox_id, struct rows *out,
			       struct err *e)
{
	return open_for(
		db,
		"SELECT * FROM attempt_log WHERE id IN ("
		"SELECT attempt_id FROM delivery WHERE key BETWEEN ?1 * 1024 AND ?1 * "
		"1024 + 1023 UNION "
		"SELECT attempt_id FROM waiting WHERE key BETWEEN ?1 * 1024 AND ?1 * "
		"1024 + 1023 UNION "
		"SELECT id FROM attempt WHERE outcome IS NULL "
		"AND ?1 BETWEEN first_id AND last_id) ORDER BY id",
		outbox_id, out, e);
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
