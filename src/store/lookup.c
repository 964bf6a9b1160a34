/* SPDX-License-Identifier: MIT */
#include "store/lookup.h"

enum err_code lookup_event(struct db *db, const char *event_id, int64_t ids[LOOKUP_MAX],
			   int *count, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT id FROM outbox WHERE event_id = ?1 UNION "
		       "SELECT outbox_id FROM derived_id WHERE event_id = ?1 "
		       "ORDER BY 1 DESC LIMIT ?2",
		       &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(event_id));
	sqlite3_bind_int(stmt, 2, LOOKUP_MAX);
	*count = 0;
	e->code = db_step(db, stmt, &row, e);
	while (e->code == ERR_OK && row && *count < LOOKUP_MAX) {
		ids[(*count)++] = sqlite3_column_int64(stmt, 0);
		e->code = db_step(db, stmt, &row, e);
	}
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code lookup_holder(struct db *db, const int64_t *ids, int count, int64_t *holder,
			    struct err *e)
{
	sqlite3_stmt *stmt;
	bool row = true;

	if (db_prepare(db,
		       "SELECT 1 FROM delivery WHERE key BETWEEN ?1 * 1024 AND ?1 * 1024 "
		       "+ 1023 "
		       "AND state / 16 = 9",
		       &stmt, e) != ERR_OK)
		return e->code;
	*holder = ids[0];
	for (int i = 0; i < count && row; i++) {
		sqlite3_bind_int64(stmt, 1, ids[i]);
		if (db_step(db, stmt, &row, e) != ERR_OK)
			break;
		if (!row)
			*holder = ids[i];
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return e->code;
}
