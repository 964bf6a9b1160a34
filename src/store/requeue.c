/* SPDX-License-Identifier: MIT */
#include "store/requeue.h"

#include <stddef.h>

#include "base/clock.h"
#include "store/outbox.h"
#include "store/requeue_waits.h"
#include "store/setting.h"
#include "store/unsent.h"

enum {
	DESTINATIONS = 1024,
	KEYS_MAX = REQUEUE_SLICE + 24,
};

#define NEVER_SENT UNSENT("(f.key / 1024)")

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct requeue, member)
	{S(delivery), "SELECT state FROM delivery WHERE key = ?1"},
	{S(waiting), "SELECT status, destination_id FROM waiting WHERE key = ?1"},
	{S(keys),
	 "SELECT key FROM delivery WHERE key BETWEEN ?1 AND ?1 + 1023 UNION "
	 "SELECT key FROM waiting WHERE key BETWEEN ?1 AND ?1 + 1023 ORDER BY 1"},
	/* An outcome that may be unknown stays as old as it is: TikTok forgets an id after 48
	 * hours. A row that was refused begins anew, and one that failed the only time that it
	 * was sent, unless nobody but a gateway said so: verdict_is_unsure. 0 is one that was
	 * refused here and never sent: what it is known by may be derived anew. */
	{S(to_waiting),
	 "INSERT INTO waiting (key, destination_id, status, reason, due_at, attempts, "
	 "first_sent_at, unknown, attempt_id, name_id, event_time, utc_offset, "
	 "limited_data_use, event_hash) "
	 "SELECT key, key % 1024, 1, CASE WHEN unknown THEN 21 END, ?2, "
	 "CASE WHEN unknown THEN sent ELSE 0 END, "
	 "CASE WHEN unknown THEN first_sent END, "
	 "CASE WHEN unknown THEN 1 WHEN state / 16 = 6 AND " NEVER_SENT " THEN 0 END, "
	 "attempt_id, name_id, event_time, utc_offset, limited_data_use, event_hash FROM "
	 "(SELECT d.*, coalesce(d.attempts, 1) AS sent, "
	 "coalesce(d.first_sent_at, a.started_at, 1) AS first_sent, "
	 "d.state / 16 IN (6, 7, 8) AND "
	 "coalesce(d.attempts, d.attempt_id IS NOT NULL) > 0 AND "
	 "coalesce(a.outcome NOT IN ('refused', 'too_large') AND "
	 "(coalesce(d.attempts, 1) > 1 OR a.outcome <> 'server_error' OR "
	 "(a.api_code IS NULL AND a.http_status >= 500)), 1) AS unknown "
	 "FROM delivery d LEFT JOIN attempt a ON a.id = d.attempt_id WHERE d.key = ?1) "
	 "f"},
	/* No request is named where none can have arrived. */
	{S(to_delivery),
	 "INSERT INTO delivery (key, state, attempt_id, name_id, event_time, utc_offset, "
	 "limited_data_use, event_hash, attempts, first_sent_at) "
	 "SELECT key, 113, CASE WHEN attempts > 0 THEN attempt_id END, name_id, "
	 "event_time, utc_offset, limited_data_use, event_hash, attempts, first_sent_at "
	 "FROM waiting WHERE key = ?1"},
	{S(undeliver), "DELETE FROM delivery WHERE key = ?1"},
	{S(unwait), "DELETE FROM waiting WHERE key = ?1"},
	{S(since), "SELECT coalesce((SELECT started_at FROM attempt WHERE id = "
		   "d.attempt_id), (SELECT created_at FROM outbox WHERE id = d.key / "
		   "1024)) FROM delivery d WHERE d.key = ?1"},
	{S(give_up), "UPDATE delivery SET state = 113 WHERE key = ?1"},
	{S(renew),
	 "UPDATE waiting SET status = 1, reason = NULL, due_at = ?2, attempts = 0, "
	 "first_sent_at = NULL, unknown = NULL WHERE key = ?1"},
	/* A time that has passed by any clock: it may be set this moment. */
	{S(hasten), "UPDATE waiting SET due_at = min(?2, coalesce(first_sent_at, ?2)) "
		    "WHERE key = ?1"},
	{S(cancel_new),
	 "INSERT INTO delivery (key, state, attempts) VALUES (?1, 113, 0)"},
	{S(removed), "SELECT 1 FROM destination WHERE id = ?1 AND removed = 0"},
	{S(unclaimed), "SELECT 1 FROM outbox WHERE id = ?1"},
	{S(unmark), "UPDATE destination SET cancelled_through = NULL WHERE id = ?1 AND "
		    "cancelled_through IS NOT NULL"},
#undef S
};

_Static_assert(REASON_BY_OPERATOR == 113 && REASON_NETWORK == 21 && STATUS_REJECTED == 6,
	       "the statements above name them by number");

static sqlite3_stmt **slot(struct requeue *q, size_t i)
{
	return (sqlite3_stmt **)((char *)q + statements[i].at);
}

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

enum err_code requeue_open(struct requeue *q, struct db *db, enum requeue_move move,
			   struct err *e)
{
	*q = (struct requeue){.db = db, .move = move, .now_ms = clock_wall_ms()};
	if (counter_open(&q->counter, db, e) == ERR_OK &&
	    note_plain_open(&q->plain, db, e) == ERR_OK)
		e->code = given_up_open(&q->given_up, db, e);
	for (size_t i = 0; i < STATEMENTS && e->code == ERR_OK; i++)
		e->code = db_prepare(db, statements[i].sql, slot(q, i), e);
	if (e->code)
		requeue_close(q);
	return e->code;
}

void requeue_close(struct requeue *q)
{
	counter_close(&q->counter);
	note_plain_close(&q->plain);
	given_up_close(&q->given_up);
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(*slot(q, i));
		*slot(q, i) = NULL;
	}
}

bool requeue_takes(enum requeue_move move, enum status status)
{
	switch (status) {
	case STATUS_FAILED:
	case STATUS_REJECTED:
	case STATUS_HELD:
	case STATUS_RETRYING: return true;
	case STATUS_SKIPPED:
	case STATUS_CANCELLED: return move == REQUEUE_RETRY;
	case STATUS_PENDING: return move == REQUEUE_CANCEL;
	default: return false;
	}
}

static enum err_code refuse(struct requeue *q, enum requeue_refusal why)
{
	q->refused++;
	q->gone += why == REQUEUE_REMOVED;
	q->why = why;
	return ERR_OK;
}

/* One statement on a key; ?2, where it has one, is now. */
static enum err_code on_key(struct requeue *q, sqlite3_stmt *stmt, int64_t key,
			    struct err *e)
{
	sqlite3_bind_int64(stmt, 1, key);
	if (sqlite3_bind_parameter_count(stmt) > 1)
		sqlite3_bind_int64(stmt, 2, q->now_ms);
	return db_run(q->db, stmt, e);
}

/* Up to two integers of the first row; *found false where there is none. */
static enum err_code look(struct requeue *q, sqlite3_stmt *stmt, int64_t key, bool *found,
			  int *a, int *b, struct err *e)
{
	sqlite3_bind_int64(stmt, 1, key);
	if (db_step(q->db, stmt, found, e) != ERR_OK)
		return e->code;
	if (*found) {
		*a = sqlite3_column_int(stmt, 0);
		*b = sqlite3_column_count(stmt) > 1 ? sqlite3_column_int(stmt, 1) : 0;
	}
	sqlite3_reset(stmt);
	return ERR_OK;
}

/* One row less in `from`, one more in `to` (0: counted nowhere). */
static enum err_code recount(struct requeue *q, int32_t destination_id, int from, int to,
			     int64_t key, struct err *e)
{
	int64_t id = key / DESTINATIONS;

	q->moved++;
	if (from && counter_add(&q->counter, destination_id, from, -1, q->now_ms, id, e))
		return e->code;
	if (to && counter_add(&q->counter, destination_id, to, 1, q->now_ms, id, e))
		return e->code;
	return ERR_OK;
}

/* The bars of the admin page have each row once. */
static enum err_code begin_anew(struct requeue *q, int64_t key, int state, struct err *e)
{
	int64_t since_ms = 0;
	bool found;

	sqlite3_bind_int64(q->since, 1, key);
	if (db_step(q->db, q->since, &found, e) == ERR_OK && found)
		since_ms = outbox_created_ms(q->since, 0, q->now_ms);
	sqlite3_reset(q->since);
	if (e->code != ERR_OK)
		return e->code;
	return counter_begin_anew(&q->counter, (int32_t)(key % DESTINATIONS), state,
				  since_ms, q->now_ms, e);
}

/* What was given up with the destination is wanted again, also what is still unread. */
static enum err_code unmark(struct requeue *q, int32_t destination_id, struct err *e)
{
	if (on_key(q, q->unmark, destination_id, e) != ERR_OK ||
	    sqlite3_changes(q->db->handle) == 0)
		return e->code;
	return config_bump(q->db, e);
}

/* A row that the relay has not reached yet only loses its cancellation. */
static enum err_code retry_delivery(struct requeue *q, int64_t key, int state,
				    struct err *e)
{
	int32_t destination_id = (int32_t)(key % DESTINATIONS);
	bool fresh = key / DESTINATIONS > q->cursor;
	bool there = true;
	int ignored = 0;

	if (destination_id &&
	    look(q, q->removed, destination_id, &there, &ignored, &ignored, e) != ERR_OK)
		return e->code;
	if (!there)
		return refuse(q, REQUEUE_REMOVED);
	q->taken_back |= state == REASON_BY_OPERATOR;
	if (state == REASON_DISCONNECTED && unmark(q, destination_id, e) != ERR_OK)
		return e->code;
	if (begin_anew(q, key, state, e) != ERR_OK ||
	    (!fresh && on_key(q, q->to_waiting, key, e) != ERR_OK) ||
	    on_key(q, q->undeliver, key, e) != ERR_OK)
		return e->code;
	return recount(q, destination_id, state, fresh ? 0 : STATUS_PENDING * 16, key, e);
}

static enum err_code move_delivery(struct requeue *q, int64_t key, int state,
				   struct err *e)
{
	enum status status = (enum status)(state / 16);

	if (status == STATUS_DELIVERED)
		return refuse(q, REQUEUE_DELIVERED);
	if (status == STATUS_DUPLICATE)
		return refuse(q, REQUEUE_DUPLICATE);
	if (state == REASON_ERASED)
		return refuse(q, REQUEUE_ERASED);
	if (!requeue_takes(q->move, status))
		return refuse(q, REQUEUE_FINISHED);
	if (q->move == REQUEUE_RETRY)
		return retry_delivery(q, key, state, e);
	if (begin_anew(q, key, state, e) != ERR_OK ||
	    on_key(q, q->give_up, key, e) != ERR_OK)
		return e->code;
	return recount(q, (int32_t)(key % DESTINATIONS), state, REASON_BY_OPERATOR, key,
		       e);
}

static enum err_code move_waiting(struct requeue *q, int64_t key, enum status status,
				  int32_t destination_id, struct err *e)
{
	int state = status == STATUS_HELD ? REASON_OUTCOME_UNKNOWN : (int)status * 16;

	if (status == STATUS_SENDING)
		return refuse(q, REQUEUE_IN_FLIGHT);
	if (!requeue_takes(q->move, status))
		return refuse(q, REQUEUE_PENDING);
	if (q->move == REQUEUE_CANCEL) {
		if (given_up_wait(&q->given_up, key, e) != ERR_OK ||
		    on_key(q, q->to_delivery, key, e) != ERR_OK ||
		    on_key(q, q->unwait, key, e) != ERR_OK)
			return e->code;
		return recount(q, destination_id, state, REASON_BY_OPERATOR, key, e);
	}
	if (status == STATUS_RETRYING) {
		q->moved++;
		return on_key(q, q->hasten, key, e);
	}
	q->held_moved = true;
	if (on_key(q, q->renew, key, e) != ERR_OK)
		return e->code;
	return recount(q, destination_id, state, STATUS_PENDING * 16, key, e);
}

/* A row without delivery and wait: not claimed yet, or in a request right now. */
static enum err_code move_unclaimed(struct requeue *q, int64_t key, struct err *e)
{
	bool there;
	int ignored = 0;

	if (look(q, q->unclaimed, key / DESTINATIONS, &there, &ignored, &ignored, e) !=
	    ERR_OK)
		return e->code;
	if (!there)
		return refuse(q, REQUEUE_ABSENT);
	if (key / DESTINATIONS <= q->cursor)
		return refuse(q, REQUEUE_IN_FLIGHT);
	if (q->move == REQUEUE_RETRY)
		return refuse(q, REQUEUE_PENDING);
	if (on_key(q, q->cancel_new, key, e) != ERR_OK)
		return e->code;
	return recount(q, 0, 0, REASON_BY_OPERATOR, key, e);
}

static enum err_code move_key(struct requeue *q, int64_t key, struct err *e)
{
	int state = 0, status = 0, destination_id = 0, ignored = 0;
	bool found;

	if (look(q, q->waiting, key, &found, &status, &destination_id, e) != ERR_OK)
		return e->code;
	if (found)
		return move_waiting(q, key, (enum status)status, destination_id, e);
	if (look(q, q->delivery, key, &found, &state, &ignored, e) != ERR_OK)
		return e->code;
	if (found)
		return move_delivery(q, key, state, e);
	return move_unclaimed(q, key, e);
}

static enum err_code read_cursor(struct requeue *q, struct err *e)
{
	return db_int(q->db, "SELECT cursor FROM queue", 0, &q->cursor, e);
}

/* A row may have been mended since the relay read it last, and ends without being read again;
 * one that it has not reached yet it will read. */
static bool ends_unread(const struct requeue *q, int64_t outbox_id)
{
	return q->move == REQUEUE_CANCEL && outbox_id <= q->cursor;
}

/* In ascending order; what ends is noted. */
static enum err_code move_keys(struct requeue *q, const int64_t *keys, int count,
			       struct err *e)
{
	int64_t ended[KEYS_MAX], moved;
	size_t n = 0;

	e->code = ERR_OK;
	for (int i = 0; i < count; i++) {
		int64_t id = keys[i] / DESTINATIONS;

		moved = q->moved;
		if (move_key(q, keys[i], e) != ERR_OK)
			return e->code;
		if (q->moved > moved && ends_unread(q, id) &&
		    (n == 0 || ended[n - 1] != id))
			ended[n++] = id;
	}
	return n > 0 ? note_plain_rows(&q->plain, ended, n, e) : ERR_OK;
}

/* Keys first, moves afterwards: a statement that is being read must not see its own
 * changes. */
static enum err_code move_all(struct requeue *q, sqlite3_stmt *stmt, int64_t *last,
			      int *count, struct err *e)
{
	int64_t keys[KEYS_MAX];
	bool row;

	*count = 0;
	while (*count < KEYS_MAX && db_step(q->db, stmt, &row, e) == ERR_OK && row)
		keys[(*count)++] = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	if (e->code != ERR_OK || *count == 0)
		return e->code;
	*last = keys[*count - 1];
	return move_keys(q, keys, *count, e);
}

enum err_code requeue_row(struct requeue *q, int64_t outbox_id, struct err *e)
{
	int64_t last;
	int count;

	e->code = ERR_OK;
	if (read_cursor(q, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(q->keys, 1, outbox_id * DESTINATIONS);
	if (move_all(q, q->keys, &last, &count, e) != ERR_OK || count > 0)
		return e->code;
	return move_unclaimed(q, outbox_id * DESTINATIONS, e);
}

static const char waiting_sql[] =
	"SELECT w.key FROM waiting w LEFT JOIN destination t ON t.id = w.destination_id "
	"WHERE w.key > ?3 AND w.status = ?1 AND (?2 = 0 OR ?2 = " REQUEUE_WAITS_FOR
	") ORDER BY w.key LIMIT 1000";

static const char delivery_sql[] =
	"SELECT key FROM delivery WHERE state = ?2 AND state < 160 AND key > ?3 "
	"ORDER BY key LIMIT 1000";

static const char unclaimed_sql[] =
	"SELECT o.id * 1024 FROM queue q CROSS JOIN outbox o "
	"ON o.id > max(q.cursor, ?3 / 1024) "
	"WHERE ?1 = 1 AND (?2 = 0 OR ?2 = " REQUEUE_ALL_WAIT_FOR ") AND NOT EXISTS "
	"(SELECT 1 FROM delivery WHERE key = o.id * 1024) ORDER BY o.id LIMIT 1000";

/* One slice of one statement, from q->position on; *count 0: nothing is left. */
static enum err_code slice(struct requeue *q, const char *sql,
			   const struct requeue_filter *f, int *count, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(q->db, sql, &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, (int)f->status);
	sqlite3_bind_int(stmt, 2, (int)f->reason);
	sqlite3_bind_int64(stmt, 3, q->position);
	e->code = move_all(q, stmt, &q->position, count, e);
	sqlite3_finalize(stmt);
	return e->code;
}

/* The statement of a step; NULL behind the last. A finished status is walked state by
 * state, because that is what the index knows. */
static const char *step_sql(const struct requeue *q, struct requeue_filter *f)
{
	static const char *const waits[] = {waiting_sql, unclaimed_sql};

	if (f->status <= STATUS_HELD)
		return q->step < (q->move == REQUEUE_CANCEL ? 2 : 1) ? waits[q->step]
								     : NULL;
	if (q->step >= (f->reason ? 1 : 15))
		return NULL;
	if (!f->reason)
		f->reason = (enum reason)((int)f->status * 16 + 1 + q->step);
	return delivery_sql;
}

static bool begins_wanting_all(const struct requeue *q, const struct requeue_filter *f)
{
	return q->move == REQUEUE_RETRY && f->status == STATUS_CANCELLED &&
	       (!f->reason || f->reason == REASON_BY_OPERATOR) && q->step == 0 &&
	       q->position == 0;
}

enum err_code requeue_some(struct requeue *q, const struct requeue_filter *f, bool *more,
			   struct err *e)
{
	int count = 0;

	if (read_cursor(q, e) == ERR_OK && begins_wanting_all(q, f))
		e->code = given_up_want_all(&q->given_up, e);
	while (e->code == ERR_OK && count == 0) {
		struct requeue_filter step = *f;
		const char *sql = step_sql(q, &step);

		if (!sql)
			break;
		e->code = slice(q, sql, &step, &count, e);
		if (count == 0) {
			q->step++;
			q->position = 0;
		}
	}
	*more = count > 0;
	return e->code;
}
