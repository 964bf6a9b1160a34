/* SPDX-License-Identifier: MIT */
#include "store/queue_rows.h"

enum { PACK_COMMON = 4, PACK_COLUMNS = 4 };

enum err_code queue_flush(struct queue *q, struct err *e)
{
	for (int i = 0; i < q->tallies; i++) {
		struct tally *t = &q->tally[i];

		if (t->delta &&
		    counter_add(&q->counter, t->destination_id, t->state, t->delta,
				q->now_ms, t->example_id, e) != ERR_OK)
			return e->code;
	}
	q->tallies = 0;
	return ERR_OK;
}

/* Counts in memory; one write a state at the end of the call. */
enum err_code queue_tally(struct queue *q, int32_t destination_id, int state, int delta,
			  int64_t example_id, struct err *e)
{
	for (int i = 0; i < q->tallies; i++) {
		struct tally *t = &q->tally[i];

		if (t->destination_id == destination_id && t->state == state) {
			t->delta += delta;
			t->example_id = example_id;
			return ERR_OK;
		}
	}
	if (q->tallies == (int)(sizeof(q->tally) / sizeof(q->tally[0])) &&
	    queue_flush(q, e) != ERR_OK)
		return e->code;
	q->tally[q->tallies++] = (struct tally){destination_id, state, delta, example_id};
	return ERR_OK;
}

static void bind_offset(sqlite3_stmt *s, int at, const struct entry *n)
{
	db_bind_unless(s, at, n->event_time ? n->utc_offset_s : INT64_MIN, INT64_MIN);
}

/* Its only attempt, by which it ended, says when it was first sent. */
static bool tells_first_sent(const struct entry *n, int state)
{
	return n->attempts == 1 &&
	       (state == STATUS_DELIVERED * 16 || state == REASON_REFUSED_BY_TIKTOK);
}

static void bind_delivery(sqlite3_stmt *s, const struct entry *n, int state,
			  int64_t attempt_id)
{
	sqlite3_bind_int64(s, 1, queue_key(n));
	sqlite3_bind_int(s, 2, state);
	db_bind_unless(s, 3, attempt_id, 0);
	db_bind_unless(s, 4, n->name_id, 0);
	db_bind_unless(s, 5, n->event_time, 0);
	bind_offset(s, 6, n);
	db_bind_unless(s, 7, n->limited_data_use, -1);
	db_bind_unless(s, 8, entry_hash(n), 0);
	db_bind_unless(s, 9, n->attempts, attempt_id ? 1 : 0);
	db_bind_unless(s, 10, tells_first_sent(n, state) ? 0 : n->first_sent_ms, 0);
}

static enum err_code run_delivery(struct queue *q, sqlite3_stmt *s, const struct entry *n,
				  int state, struct err *e)
{
	int rows;

	if (db_run(q->db, s, e) != ERR_OK)
		return e->code;
	rows = sqlite3_changes(q->db->handle);
	return rows ? queue_tally(q, n->destination_id, state, rows, n->outbox_id, e)
		    : ERR_OK;
}

enum err_code queue_deliver(struct queue *q, const struct entry *n, int state,
			    int64_t attempt_id, struct err *e)
{
	bind_delivery(q->deliver, n, state, attempt_id);
	return run_delivery(q, q->deliver, n, state, e);
}

bool queue_packs(const struct entry *n, const struct entry *first)
{
	return n->attempts == 1 && n->limited_data_use == first->limited_data_use &&
	       n->utc_offset_s == first->utc_offset_s &&
	       !n->event_time == !first->event_time;
}

enum err_code queue_deliver_pack(struct queue *q, const struct entry *rows, int state,
				 int64_t attempt_id, struct err *e)
{
	sqlite3_stmt *s = q->deliver_pack;

	sqlite3_bind_int(s, 1, state);
	sqlite3_bind_int64(s, 2, attempt_id);
	bind_offset(s, 3, rows);
	db_bind_unless(s, 4, rows->limited_data_use, -1);
	for (int i = 0; i < QUEUE_PACK; i++) {
		int at = PACK_COMMON + i * PACK_COLUMNS;

		sqlite3_bind_int64(s, at + 1, queue_key(&rows[i]));
		db_bind_unless(s, at + 2, rows[i].name_id, 0);
		db_bind_unless(s, at + 3, rows[i].event_time, 0);
		db_bind_unless(s, at + 4, entry_hash(&rows[i]), 0);
	}
	return run_delivery(q, s, &rows[QUEUE_PACK - 1], state, e);
}

enum err_code queue_wait(struct queue *q, const struct entry *n, enum status status,
			 enum reason reason, int64_t due_ms, int64_t attempt_id,
			 struct err *e)
{
	sqlite3_stmt *s = q->wait;
	int state =
		status == STATUS_HELD ? (int)REASON_OUTCOME_UNKNOWN : (int)status * 16;

	sqlite3_bind_int64(s, 1, queue_key(n));
	sqlite3_bind_int(s, 2, n->destination_id);
	sqlite3_bind_int(s, 3, (int)status);
	db_bind_unless(s, 4, (int)reason, 0);
	db_bind_unless(s, 5, due_ms, 0);
	sqlite3_bind_int(s, 6, n->attempts);
	db_bind_unless(s, 7, n->first_sent_ms, 0);
	db_bind_unless(s, 8, attempt_id, 0);
	db_bind_unless(s, 9, n->flags & ENTRY_UNKNOWN ? 1 : 0, 0);
	db_bind_unless(s, 10, n->name_id, 0);
	db_bind_unless(s, 11, n->event_time, 0);
	db_bind_unless(s, 12, n->event_time ? n->utc_offset_s : INT64_MIN, INT64_MIN);
	db_bind_unless(s, 13, n->limited_data_use, -1);
	db_bind_unless(s, 14, entry_hash(n), 0);
	if (db_run(q->db, s, e) != ERR_OK)
		return e->code;
	return queue_tally(q, n->destination_id, state, 1, n->outbox_id, e);
}

enum err_code queue_unwait(struct queue *q, int64_t key, struct err *e)
{
	sqlite3_bind_int64(q->unwait, 1, key);
	return db_run(q->db, q->unwait, e);
}

static enum err_code last_attempt(struct queue *q, int64_t key, int64_t *attempt_id,
				  struct err *e)
{
	bool row;

	sqlite3_bind_int64(q->waited, 1, key);
	if (db_step(q->db, q->waited, &row, e) == ERR_OK && row)
		*attempt_id = sqlite3_column_int64(q->waited, 0);
	sqlite3_reset(q->waited);
	return e->code;
}

enum err_code queue_end(struct queue *q, const struct lot *lot, const struct entry *n,
			int state, int64_t attempt_id, struct err *e)
{
	int64_t key = queue_key(n);

	if (lot->kind == LOT_RETRY && n->attempts && !attempt_id &&
	    last_attempt(q, key, &attempt_id, e) != ERR_OK)
		return e->code;
	if (lot->kind == LOT_RETRY && queue_unwait(q, key, e) != ERR_OK)
		return e->code;
	return queue_deliver(q, n, state, n->attempts ? attempt_id : 0, e);
}
