/* SPDX-License-Identifier: MIT */
#include "store/disconnect.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core/reason.h"
#include "store/counter.h"
#include "store/note_plain.h"

_Static_assert(REASON_DISCONNECTED == 114 && STATUS_PENDING == 1 && STATUS_RETRYING == 3,
	       "the statements below name them by number");

static enum err_code ask(struct db *db, const char *sql, int32_t id, int64_t *out,
			 struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	if (sqlite3_bind_parameter_count(stmt) > 0)
		sqlite3_bind_int(stmt, 1, id);
	if (db_step(db, stmt, &row, e) == ERR_OK && row)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return e->code;
}

/* A statement with ?1 the destination, ?2 and ?3 numbers; *changed counts rows. */
static enum err_code change(struct db *db, const char *sql, int32_t id, int64_t a,
			    int64_t b, int64_t *changed, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, a);
	if (sqlite3_bind_parameter_count(stmt) > 2)
		sqlite3_bind_int64(stmt, 3, b);
	e->code = db_run(db, stmt, e);
	*changed = sqlite3_changes(db->handle);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code disconnect_mark(struct db *db, int32_t destination_id, int64_t *through,
			      bool *only, struct err *e)
{
	int64_t others = 0, changed;

	*through = 0;
	if (ask(db, "SELECT max(id) FROM outbox", 0, through, e) != ERR_OK ||
	    ask(db, "SELECT count(*) FROM destination WHERE removed = 0 AND id <> ?1",
		destination_id, &others, e) != ERR_OK)
		return e->code;
	*only = others == 0;
	return change(db, "UPDATE destination SET cancelled_through = ?2 WHERE id = ?1",
		      destination_id, *through, 0, &changed, e);
}

/* Not what somebody has called back meanwhile. */
#define SOME                                                                             \
	"(SELECT key FROM waiting WHERE destination_id = ?1 AND status IN (1, 3) "       \
	"AND key < (?2 + 1) * 1024 AND EXISTS (SELECT 1 FROM destination WHERE "         \
	"id = ?1 AND cancelled_through >= ?2) ORDER BY due_at, key LIMIT 5000)"

enum { SLICE = 5000 };

struct slice {
	int64_t pending, retrying, example_id;
};

static enum err_code count_some(struct db *db, int32_t id, int64_t through,
				struct slice *out, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(
		    db,
		    "SELECT coalesce(sum(status = 1), 0), coalesce(sum(status = 3), 0), "
		    "coalesce(min(key) / 1024, 0) FROM waiting WHERE key IN " SOME,
		    &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, through);
	if (db_step(db, stmt, &row, e) == ERR_OK) {
		out->pending = sqlite3_column_int64(stmt, 0);
		out->retrying = sqlite3_column_int64(stmt, 1);
		out->example_id = sqlite3_column_int64(stmt, 2);
	}
	sqlite3_finalize(stmt);
	return e->code;
}

/* `more` of them were counted nowhere before. */
static enum err_code recount(struct db *db, int32_t id, const struct slice *s,
			     int64_t more, struct err *e)
{
	int64_t now = clock_wall_ms();
	struct counter counter;

	if (counter_open(&counter, db, e) != ERR_OK)
		return e->code;
	if ((s->pending == 0 ||
	     counter_add(&counter, id, STATUS_PENDING * 16, -s->pending, now,
			 s->example_id, e) == ERR_OK) &&
	    (s->retrying == 0 ||
	     counter_add(&counter, id, STATUS_RETRYING * 16, -s->retrying, now,
			 s->example_id, e) == ERR_OK))
		e->code = counter_add(&counter, id, REASON_DISCONNECTED,
				      s->pending + s->retrying + more, now, s->example_id,
				      e);
	counter_close(&counter);
	return e->code;
}

/* They may have been mended since the relay read them last, and end without being read again. */
static enum err_code note_some(struct db *db, int32_t id, int64_t through, struct err *e)
{
	int64_t *ids = calloc(SLICE, sizeof(*ids));
	struct note_plain plain;
	sqlite3_stmt *stmt = NULL;
	size_t count = 0;
	bool row;

	if (!ids)
		abort();
	if (db_prepare(db,
		       "SELECT DISTINCT key / 1024 FROM waiting WHERE key IN " SOME
		       " ORDER BY 1",
		       &stmt, e) == ERR_OK) {
		sqlite3_bind_int(stmt, 1, id);
		sqlite3_bind_int64(stmt, 2, through);
		while (count < SLICE && db_step(db, stmt, &row, e) == ERR_OK && row)
			ids[count++] = sqlite3_column_int64(stmt, 0);
	}
	sqlite3_finalize(stmt);
	if (e->code == ERR_OK && note_plain_open(&plain, db, e) == ERR_OK) {
		e->code = note_plain_rows(&plain, ids, count, e);
		note_plain_close(&plain);
	}
	free(ids);
	return e->code;
}

enum err_code disconnect_waiting(struct db *db, int32_t destination_id, int64_t through,
				 int64_t *count, struct err *e)
{
	struct slice s = {0, 0, 0};
	int64_t changed;

	if (count_some(db, destination_id, through, &s, e) != ERR_OK)
		return e->code;
	*count = s.pending + s.retrying;
	if (*count == 0 || note_some(db, destination_id, through, e) != ERR_OK)
		return e->code;
	/* No request is named where none can have arrived. */
	if (change(db,
		   "INSERT INTO delivery (key, state, attempt_id, name_id, "
		   "event_time, utc_offset, limited_data_use, event_hash, attempts, "
		   "first_sent_at) SELECT key, 114, "
		   "CASE WHEN attempts > 0 THEN attempt_id END, name_id, event_time, "
		   "utc_offset, limited_data_use, event_hash, attempts, "
		   "first_sent_at FROM waiting WHERE key IN " SOME,
		   destination_id, through, 0, &changed, e) != ERR_OK ||
	    change(db, "DELETE FROM waiting WHERE key IN " SOME, destination_id, through,
		   0, &changed, e) != ERR_OK)
		return e->code;
	return recount(db, destination_id, &s, 0, e);
}

/* The last of the next rows that have no delivery; 0: there is none. */
static enum err_code end_of_slice(struct db *db, int64_t after, int64_t through,
				  int64_t *last, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT coalesce(max(id), 0) FROM (SELECT o.id FROM queue q "
		       "CROSS JOIN outbox o ON o.id > max(q.cursor, ?1) WHERE o.id <= ?2 "
		       "ORDER BY o.id LIMIT 5000)",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, after);
	sqlite3_bind_int64(stmt, 2, through);
	if (db_step(db, stmt, &row, e) == ERR_OK)
		*last = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code disconnect_unread(struct db *db, int32_t destination_id, int64_t through,
				int64_t *after, int64_t *count, struct err *e)
{
	struct slice s = {0, 0, *after + 1};
	int64_t last = 0;

	*count = 0;
	if (end_of_slice(db, *after, through, &last, e) != ERR_OK)
		return e->code;
	if (last == 0) {
		*after = through;
		return ERR_OK;
	}
	if (change(db,
		   "INSERT INTO delivery (key, state, attempts) "
		   "SELECT o.id * 1024 + ?1, 114, 0 FROM queue q "
		   "CROSS JOIN outbox o ON o.id > max(q.cursor, ?2) WHERE o.id <= ?3 "
		   "AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.key BETWEEN "
		   "o.id * 1024 AND o.id * 1024 + 1023)",
		   destination_id, *after, last, count, e) != ERR_OK)
		return e->code;
	*after = last;
	return *count ? recount(db, destination_id, &s, *count, e) : ERR_OK;
}

enum err_code disconnect_count(struct db *db, int32_t destination_id, int64_t *waiting,
			       int64_t *unread, struct err *e)
{
	*waiting = *unread = 0;
	if (ask(db,
		"SELECT count(*) FROM waiting WHERE destination_id = ?1 "
		"AND status IN (1, 3)",
		destination_id, waiting, e) == ERR_OK)
		e->code = ask(db,
			      "SELECT count(*) FROM queue q CROSS JOIN outbox o "
			      "ON o.id > q.cursor WHERE NOT EXISTS (SELECT 1 FROM "
			      "delivery d WHERE d.key BETWEEN o.id * 1024 AND "
			      "o.id * 1024 + 1023)",
			      0, unread, e);
	return e->code;
}
