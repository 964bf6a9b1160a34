/* SPDX-License-Identifier: MIT
 *
 * What a move of many would do, out of the counters where they know it. */
#include "store/requeue.h"

#include "store/requeue_waits.h"

/* ?1 and ?2 states, ?3 whether rows of a destination that was removed stay. */
static const char finished_sql[] =
	"SELECT total(CASE WHEN stays THEN 0 ELSE count END), "
	"total(CASE WHEN stays THEN count ELSE 0 END), "
	"total(CASE WHEN gone AND state <> 116 THEN count ELSE 0 END) FROM "
	"(SELECT k.state, k.count, ?3 AND coalesce(t.removed, 0) AS gone, "
	"k.state = 116 OR (?3 AND coalesce(t.removed, 0)) AS stays FROM counter k LEFT "
	"JOIN destination t ON t.id = k.destination_id "
	"WHERE k.state BETWEEN ?1 AND ?2)";

_Static_assert(REASON_ERASED == 116, "the statement above names it by number");

/* ?1 a status, ?2 a reason. */
static const char waiting_sql[] =
	"SELECT count(*), 0, 0 FROM waiting w LEFT JOIN destination t "
	"ON t.id = w.destination_id WHERE w.status = ?1 AND ?2 = " REQUEUE_WAITS_FOR;

/* ?1 a reason, 0 any. As the view `unclaimed` counts them: who writes may not read views. */
static const char unclaimed_sql[] =
	"SELECT CASE WHEN u.first_id IS NULL THEN 0 ELSE "
	"max(0, (SELECT max(id) FROM outbox) + 1 - u.first_id - "
	"(SELECT count(*) FROM delivery WHERE key >= u.first_id * 1024)) END, 0, 0 FROM "
	"(SELECT coalesce((SELECT o.id FROM outbox o WHERE o.id BETWEEN q.cursor + 1 AND "
	"q.cursor + 10000 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.key BETWEEN "
	"o.id * 1024 AND o.id * 1024 + 1023) ORDER BY o.id LIMIT 1), (SELECT min(id) "
	"FROM "
	"outbox WHERE id > q.cursor + 10000)) AS first_id FROM queue q LIMIT 1) u "
	"WHERE ?1 = 0 OR ?1 = " REQUEUE_ALL_WAIT_FOR;

static enum err_code ask(struct requeue *q, const char *sql, int64_t a, int64_t b,
			 int64_t c, struct err *e)
{
	const int64_t values[] = {a, b, c};
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(q->db, sql, &stmt, e) != ERR_OK)
		return e->code;
	for (int i = 0; i < sqlite3_bind_parameter_count(stmt); i++)
		sqlite3_bind_int64(stmt, i + 1, values[i]);
	if (db_step(q->db, stmt, &row, e) == ERR_OK && row) {
		q->moved += sqlite3_column_int64(stmt, 0);
		q->refused += sqlite3_column_int64(stmt, 1);
		q->gone += sqlite3_column_int64(stmt, 2);
	}
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code requeue_count(struct requeue *q, const struct requeue_filter *f,
			    struct err *e)
{
	int first = f->reason ? (int)f->reason : (int)f->status * 16;
	int last = f->reason ? (int)f->reason : first + 15;
	bool retry = q->move == REQUEUE_RETRY;

	e->code = ERR_OK;
	q->moved = q->refused = q->gone = 0;
	q->held_moved = retry && f->status == STATUS_HELD;
	if (f->status > STATUS_HELD || f->status == STATUS_HELD || !f->reason)
		ask(q, finished_sql, first, last, retry && f->status > STATUS_HELD, e);
	else
		ask(q, waiting_sql, f->status, f->reason, 0, e);
	if (e->code == ERR_OK && f->status == STATUS_PENDING)
		ask(q, unclaimed_sql, f->reason, 0, 0, e);
	return e->code;
}
