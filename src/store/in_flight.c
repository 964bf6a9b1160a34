/* SPDX-License-Identifier: MIT */
#include "store/in_flight.h"

#include "store/members.h"

/* Without members they are all of the range. */
static enum err_code each_row(sqlite3_stmt *attempt, in_flight_fn *fn, void *arg,
			      struct err *e)
{
	struct str members = db_column(attempt, 0);
	int64_t id = sqlite3_column_int64(attempt, 1);
	int64_t last = sqlite3_column_int64(attempt, 2);
	bool listed = sqlite3_column_type(attempt, 0) != SQLITE_NULL;

	e->code = ERR_OK;
	if (listed)
		id = 0;
	while (e->code == ERR_OK && (listed ? members_next(&members, &id) : id <= last)) {
		e->code = fn(arg, id, e);
		id += !listed;
	}
	return e->code;
}

enum err_code in_flight_each(struct db *db, int32_t destination_id, in_flight_fn *fn,
			     void *arg, struct err *e)
{
	sqlite3_stmt *open;
	bool row;

	if (db_prepare(db,
		       "SELECT members, first_id, last_id FROM attempt "
		       "WHERE outcome IS NULL AND (?1 = 0 OR destination_id = ?1)",
		       &open, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(open, 1, destination_id);
	while (db_step(db, open, &row, e) == ERR_OK && row)
		if (each_row(open, fn, arg, e) != ERR_OK)
			break;
	sqlite3_finalize(open);
	return e->code;
}

struct sought {
	int64_t outbox_id;
	bool found;
};

static enum err_code seek(void *arg, int64_t outbox_id, struct err *e)
{
	struct sought *s = arg;

	s->found = s->found || outbox_id == s->outbox_id;
	return e->code = ERR_OK;
}

enum err_code in_flight_has(struct db *db, int64_t outbox_id, bool *has, struct err *e)
{
	struct sought sought = {.outbox_id = outbox_id};

	e->code = in_flight_each(db, 0, seek, &sought, e);
	*has = sought.found;
	return e->code;
}
