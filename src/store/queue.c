/* SPDX-License-Identifier: MIT */
#include "store/queue.h"

#include <stddef.h>

#include "base/buf.h"
#include "store/members.h"

static int64_t key_of(const struct entry *n)
{
	return n->outbox_id * KEY_DESTINATIONS + n->destination_id;
}

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct queue, member)
	{S(cursor), "UPDATE queue SET cursor = max(cursor, ?1)"},
	{S(open_attempt), "INSERT INTO attempt (id, destination_id, started_at, events, "
			  "first_id, last_id, members) "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
	{S(close_attempt),
	 "UPDATE attempt SET started_at = ?2, ms = ?3, http_status = ?4, api_code = ?5, "
	 "api_message = ?6, request_id = ?7, outcome = ?8, members = NULL WHERE id = ?1"},
	{S(forget_attempt), "DELETE FROM attempt WHERE id = ?1"},
	{S(block), "UPDATE destination SET reason = ?2, blocked_until = ?3, last_error = "
		   "?4 WHERE id = ?1"},
	{S(deliver),
	 "INSERT INTO delivery (key, state, attempt_id, name_id, event_time, utc_offset, "
	 "limited_data_use, event_hash, attempts, first_sent_at) "
	 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING"},
	{S(wait),
	 "INSERT INTO waiting (key, destination_id, status, reason, due_at, attempts, "
	 "first_sent_at, attempt_id, unknown, name_id, event_time, utc_offset, "
	 "limited_data_use, event_hash) "
	 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
	 "ON CONFLICT DO UPDATE SET status = ?3, reason = ?4, due_at = ?5, attempts = "
	 "?6, "
	 "first_sent_at = ?7, attempt_id = coalesce(?8, attempt_id), unknown = ?9, "
	 "name_id = ?10, event_time = ?11, utc_offset = ?12, limited_data_use = ?13, "
	 "event_hash = ?14"},
	{S(unwait), "DELETE FROM waiting WHERE key = ?1"},
	{S(lease),
	 "UPDATE waiting SET status = 2, due_at = NULL WHERE key = ?1 AND status = ?2"},
	{S(derived),
	 "INSERT OR REPLACE INTO derived_id (outbox_id, event_id) VALUES (?1, ?2)"},
	{S(duplicate),
	 "INSERT OR IGNORE INTO duplicate (first_id, outbox_id) VALUES (?1, ?2)"},
	{S(unmapped), "INSERT INTO unmapped (event, count, last_seen) VALUES (?1, 1, ?2) "
		      "ON CONFLICT DO UPDATE SET count = count + 1, last_seen = ?2"},
	{S(cancelled),
	 "SELECT key / 1024 FROM delivery WHERE key BETWEEN ?1 AND ?2 ORDER BY key"},
	{S(plain),
	 "INSERT OR REPLACE INTO redaction (first_id, members) VALUES (?1, ?2)"},
	{S(live),
	 "SELECT NOT EXISTS (SELECT 1 FROM delivery WHERE key BETWEEN ?1 AND ?1 + 1023) "
	 "OR EXISTS (SELECT 1 FROM delivery WHERE key BETWEEN ?1 AND ?1 + 1023 "
	 "AND (state / 16 NOT IN (6, 7, 8) OR attempts > 0)) "
	 "OR EXISTS (SELECT 1 FROM waiting WHERE key BETWEEN ?1 AND ?1 + 1023) "
	 "OR EXISTS (SELECT 1 FROM attempt WHERE outcome IS NULL "
	 "AND ?1 / 1024 BETWEEN first_id AND last_id)"},
#undef S
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **statement(struct queue *q, size_t i)
{
	return (sqlite3_stmt **)((char *)q + statements[i].at);
}

enum err_code queue_open(struct queue *q, struct db *db, struct err *e)
{
	*q = (struct queue){.db = db};
	e->code = ERR_OK;
	for (size_t i = 0; i < STATEMENTS; i++)
		if (db_prepare(db, statements[i].sql, statement(q, i), e) != ERR_OK)
			goto close;
	if (counter_open(&q->counter, db, e) != ERR_OK ||
	    dedup_open(&q->dedup, db, e) != ERR_OK)
		goto close;
	return ERR_OK;

close:
	queue_close(q);
	return e->code;
}

void queue_close(struct queue *q)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(*statement(q, i));
		*statement(q, i) = NULL;
	}
	counter_close(&q->counter);
	dedup_close(&q->dedup);
}

enum err_code queue_position(struct queue *q, int64_t *cursor, int64_t *attempt_id,
			     struct err *e)
{
	if (db_int(q->db, "SELECT cursor FROM queue", 0, cursor, e) != ERR_OK)
		return e->code;
	return db_int(q->db, "SELECT max(id) FROM attempt", 0, attempt_id, e);
}

static enum err_code flush_tallies(struct queue *q, struct err *e)
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
static enum err_code tally(struct queue *q, int32_t destination_id, int state, int delta,
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
	    flush_tallies(q, e) != ERR_OK)
		return e->code;
	q->tally[q->tallies++] = (struct tally){destination_id, state, delta, example_id};
	return ERR_OK;
}

static enum err_code deliver(struct queue *q, const struct entry *n, int state,
			     int64_t attempt_id, struct err *e)
{
	sqlite3_stmt *s = q->deliver;

	sqlite3_bind_int64(s, 1, key_of(n));
	sqlite3_bind_int(s, 2, state);
	db_bind_unless(s, 3, attempt_id, 0);
	db_bind_unless(s, 4, n->name_id, 0);
	db_bind_unless(s, 5, n->event_time, 0);
	db_bind_unless(s, 6, n->event_time ? n->utc_offset_s : INT64_MIN, INT64_MIN);
	db_bind_unless(s, 7, n->limited_data_use, -1);
	db_bind_unless(s, 8, n->hash, 0);
	db_bind_unless(s, 9, n->attempts, attempt_id ? 1 : 0);
	db_bind_unless(s, 10, n->attempts > 1 ? n->first_sent_ms : 0, 0);
	if (db_run(q->db, s, e) != ERR_OK)
		return e->code;
	if (sqlite3_changes(q->db->handle) == 0)
		return ERR_OK;
	return tally(q, n->destination_id, state, 1, n->outbox_id, e);
}

static enum err_code wait(struct queue *q, const struct entry *n, enum status status,
			  enum reason reason, int64_t due_ms, int64_t attempt_id,
			  struct err *e)
{
	sqlite3_stmt *s = q->wait;
	int state =
		status == STATUS_HELD ? (int)REASON_OUTCOME_UNKNOWN : (int)status * 16;

	sqlite3_bind_int64(s, 1, key_of(n));
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
	db_bind_unless(s, 14, n->hash, 0);
	if (db_run(q->db, s, e) != ERR_OK)
		return e->code;
	return tally(q, n->destination_id, state, 1, n->outbox_id, e);
}

static enum err_code unwait(struct queue *q, int64_t key, struct err *e)
{
	sqlite3_bind_int64(q->unwait, 1, key);
	return db_run(q->db, q->unwait, e);
}

/* Rows that an operator cancelled before they were claimed have their delivery already. */
static enum err_code drop_cancelled(struct queue *q, struct lot *lot, struct err *e)
{
	uint32_t i = 0;
	bool row;

	sqlite3_bind_int64(q->cancelled, 1, lot->first_id * KEY_DESTINATIONS);
	sqlite3_bind_int64(q->cancelled, 2,
			   lot->last_id * KEY_DESTINATIONS + KEY_DESTINATIONS - 1);
	while (db_step(q->db, q->cancelled, &row, e) == ERR_OK && row) {
		int64_t id = sqlite3_column_int64(q->cancelled, 0);

		while (i < lot->count && lot->entries[i].outbox_id < id)
			i++;
		for (; i < lot->count && lot->entries[i].outbox_id == id; i++)
			lot->entries[i].flags |= ENTRY_DROPPED;
	}
	sqlite3_reset(q->cancelled);
	return e->code;
}

/* Takes the lot's waiting rows; one that has gone meanwhile (cancelled) is dropped. */
static enum err_code take_waiting(struct queue *q, struct lot *lot, struct err *e)
{
	for (uint32_t i = 0; i < lot->count; i++) {
		struct entry *n = &lot->entries[i];
		enum status status =
			n->flags & ENTRY_RETRYING ? STATUS_RETRYING : STATUS_PENDING;
		int32_t at = lot->kind == LOT_REDO ? 0 : n->destination_id;
		sqlite3_stmt *s = lot->kind == LOT_REDO ? q->unwait : q->lease;
		bool gone;

		if (lot->kind == LOT_REDO && !(n->flags & ENTRY_FIRST)) {
			n->flags |= n[-1].flags & ENTRY_DROPPED;
			continue;
		}
		sqlite3_bind_int64(s, 1, n->outbox_id * KEY_DESTINATIONS + at);
		if (s == q->lease)
			sqlite3_bind_int(s, 2, (int)status);
		if (db_run(q->db, s, e) != ERR_OK)
			return e->code;
		gone = sqlite3_changes(q->db->handle) == 0;
		if (gone)
			n->flags |= ENTRY_DROPPED;
		else if (tally(q, at, (int)status * 16, -1, 0, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* Whether the holder of an id still claims it: it waits, is in flight or was sent. */
static enum err_code is_live(struct queue *q, const struct lot *lot, int64_t owner,
			     bool *live, struct err *e)
{
	bool row;

	for (uint32_t i = 0; i < lot->count; i++) {
		const struct entry *n = &lot->entries[i];

		*live = true;
		if (n->outbox_id == owner && n->reason == REASON_NONE &&
		    !(n->flags & ENTRY_DROPPED))
			return ERR_OK;
	}
	sqlite3_bind_int64(q->live, 1, owner * KEY_DESTINATIONS);
	if (db_step(q->db, q->live, &row, e) == ERR_OK)
		*live = row && sqlite3_column_int(q->live, 0);
	sqlite3_reset(q->live);
	return e->code;
}

/* *owner: the row itself, or the one before it with the same event_id. */
static enum err_code claim_id(struct queue *q, const struct lot *lot,
			      const struct entry *n, int64_t *owner, struct err *e)
{
	struct str id = {lot->text + n->id_at, n->id_len};
	bool live = true;

	*owner = n->outbox_id;
	if (!n->hash)
		return ERR_OK;
	if (dedup_find(&q->dedup, n->hash, id, owner, e) != ERR_OK)
		return e->code;
	if (*owner == n->outbox_id)
		return ERR_OK;
	if (*owner && is_live(q, lot, *owner, &live, e) != ERR_OK)
		return e->code;
	if (*owner && live)
		return ERR_OK;
	*owner = n->outbox_id;
	return dedup_enter(&q->dedup, n->hash, n->outbox_id, e);
}

static enum err_code record_id(struct queue *q, const struct lot *lot,
			       const struct entry *n, struct err *e)
{
	if (!(n->flags & ENTRY_DERIVED))
		return ERR_OK;
	sqlite3_bind_int64(q->derived, 1, n->outbox_id);
	db_bind(q->derived, 2, str_make(lot->text + n->id_at, n->id_len));
	return db_run(q->db, q->derived, e);
}

/* A duplicate came before the first row left: it waits a moment, and is read again with what
 * the duplicate adds (judge_merge). */
static enum err_code hold_first(struct queue *q, struct lot *lot, int64_t owner,
				struct err *e)
{
	e->code = ERR_OK;
	for (uint32_t i = 0; i < lot->count; i++) {
		struct entry *n = &lot->entries[i];

		if (n->outbox_id != owner || n->reason != REASON_NONE ||
		    n->flags & ENTRY_DROPPED || n->attempts > 0)
			continue;
		n->flags |= ENTRY_DROPPED;
		if (wait(q, n, STATUS_PENDING, REASON_NONE, q->now_ms, 0, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err_code settle_duplicate(struct queue *q, struct lot *lot, uint32_t at,
				      int64_t owner, struct err *e)
{
	struct entry twin = lot->entries[at];

	for (uint32_t i = at;
	     i < lot->count && lot->entries[i].outbox_id == twin.outbox_id; i++) {
		lot->entries[i].flags |= ENTRY_DROPPED;
		if (lot->kind == LOT_RETRY &&
		    unwait(q, key_of(&lot->entries[i]), e) != ERR_OK)
			return e->code;
	}
	twin.destination_id = 0;
	twin.name_id = twin.event_time = 0;
	twin.limited_data_use = -1;
	sqlite3_bind_int64(q->duplicate, 1, owner);
	sqlite3_bind_int64(q->duplicate, 2, twin.outbox_id);
	if (db_run(q->db, q->duplicate, e) != ERR_OK ||
	    hold_first(q, lot, owner, e) != ERR_OK)
		return e->code;
	return deliver(q, &twin, STATUS_DUPLICATE * 16, 0, e);
}

static enum err_code count_unmapped(struct queue *q, const struct lot *lot,
				    const struct entry *n, struct err *e)
{
	db_bind(q->unmapped, 1, str_make(lot->text + n->event_at, n->event_len));
	sqlite3_bind_int64(q->unmapped, 2, q->now_ms);
	return db_run(q->db, q->unmapped, e);
}

/* Resending is safe while TikTok remembers the event_id; afterwards it could count twice. */
static enum err_code stop_resending(struct queue *q, struct entry *n, struct err *e)
{
	n->flags |= ENTRY_DROPPED;
	if (n->flags & ENTRY_UNKNOWN)
		return wait(q, n, STATUS_HELD, REASON_OUTCOME_UNKNOWN, 0, 0, e);
	if (unwait(q, key_of(n), e) != ERR_OK)
		return e->code;
	return deliver(q, n, REASON_RETRIES_EXHAUSTED, 0, e);
}

static enum err_code admit_entry(struct queue *q, struct lot *lot, struct entry *n,
				 struct err *e)
{
	if (n->reason != REASON_NONE) {
		n->flags |= ENTRY_DROPPED;
		if (n->reason == REASON_NOT_MAPPED &&
		    count_unmapped(q, lot, n, e) != ERR_OK)
			return e->code;
		if (lot->kind == LOT_RETRY && unwait(q, key_of(n), e) != ERR_OK)
			return e->code;
		return deliver(q, n, n->reason, 0, e);
	}
	if (n->first_sent_ms && q->now_ms - n->first_sent_ms > RESEND_MAX_MS)
		return stop_resending(q, n, e);
	if (n->flags & ENTRY_PARKED) {
		n->flags |= ENTRY_DROPPED;
		return wait(q, n, STATUS_PENDING, REASON_NONE, q->now_ms, 0, e);
	}
	return ERR_OK;
}

static enum err_code admit_rows(struct queue *q, struct lot *lot, struct err *e)
{
	for (uint32_t i = 0; i < lot->count; i++) {
		struct entry *n = &lot->entries[i];
		int64_t owner;

		if (n->flags & ENTRY_DROPPED)
			continue;
		if (n->flags & ENTRY_FIRST) {
			if (record_id(q, lot, n, e) != ERR_OK ||
			    claim_id(q, lot, n, &owner, e) != ERR_OK)
				return e->code;
			if (owner != n->outbox_id &&
			    settle_duplicate(q, lot, i, owner, e) != ERR_OK)
				return e->code;
			if (owner != n->outbox_id)
				continue;
		}
		if (admit_entry(q, lot, n, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

enum err_code queue_reopen(struct queue *q, struct lot *lot, struct opening *o,
			   struct err *e)
{
	int64_t first = 0, last = 0;
	struct buf members;

	o->events = 0;
	buf_init(&members, (size_t)lot->count * 10);
	for (uint32_t i = 0; i < lot->count; i++) {
		const struct entry *n = &lot->entries[i];

		if (n->batch != o->batch || n->destination_id != o->destination_id ||
		    n->flags & ENTRY_DROPPED)
			continue;
		if (o->events++ == 0)
			first = n->outbox_id;
		members_add(&members, &last, n->outbox_id);
	}
	e->code = ERR_OK;
	if (o->events) {
		sqlite3_bind_int64(q->open_attempt, 1, o->attempt_id);
		sqlite3_bind_int(q->open_attempt, 2, o->destination_id);
		sqlite3_bind_int64(q->open_attempt, 3, q->now_ms);
		sqlite3_bind_int64(q->open_attempt, 4, o->events);
		sqlite3_bind_int64(q->open_attempt, 5, first);
		sqlite3_bind_int64(q->open_attempt, 6, last);
		sqlite3_bind_blob64(q->open_attempt, 7, members.p, members.len,
				    SQLITE_STATIC);
		e->code = db_run(q->db, q->open_attempt, e);
	}
	buf_fini(&members);
	return e->code;
}

/* Rows that store/scrub.h will rewrite once they are settled. */
static enum err_code note_plain(struct queue *q, const struct lot *lot, struct err *e)
{
	struct buf members;
	int64_t last = 0;

	e->code = ERR_OK;
	buf_init(&members, (size_t)lot->count * 10);
	for (uint32_t i = 0; i < lot->count; i++)
		if (lot->entries[i].flags & ENTRY_PLAIN)
			members_add(&members, &last, lot->entries[i].outbox_id);
	if (members.len > 0) {
		sqlite3_bind_int64(q->plain, 1, lot->first_id);
		sqlite3_bind_blob64(q->plain, 2, members.p, members.len, SQLITE_STATIC);
		e->code = db_run(q->db, q->plain, e);
	}
	buf_fini(&members);
	return e->code;
}

enum err_code queue_admit(struct queue *q, struct lot *lot, struct opening *openings,
			  size_t count, struct err *e)
{
	q->tallies = 0;
	e->code = ERR_OK;
	if (lot->kind == LOT_FRESH ? drop_cancelled(q, lot, e) : take_waiting(q, lot, e))
		return e->code;
	if (admit_rows(q, lot, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < count; i++)
		if (queue_reopen(q, lot, &openings[i], e) != ERR_OK)
			return e->code;
	if (lot->kind == LOT_FRESH) {
		sqlite3_bind_int64(q->cursor, 1, lot->last_id);
		if (db_run(q->db, q->cursor, e) != ERR_OK ||
		    note_plain(q, lot, e) != ERR_OK)
			return e->code;
	}
	return flush_tallies(q, e);
}

static enum err_code close_attempt(struct queue *q, const struct settlement *s,
				   struct err *e)
{
	const struct answer *a = s->answer;
	sqlite3_stmt *c = q->close_attempt;

	sqlite3_bind_int64(c, 1, s->attempt_id);
	sqlite3_bind_int64(c, 2, s->started_ms);
	sqlite3_bind_int64(c, 3, s->took_ms);
	db_bind_unless(c, 4, a->http_status, 0);
	db_bind_unless(c, 5, a->has_code ? a->code : INT64_MIN, INT64_MIN);
	db_bind(c, 6, a->message[0] ? str_of(a->message) : STR_NONE);
	db_bind(c, 7, a->request_id[0] ? str_of(a->request_id) : STR_NONE);
	db_bind(c, 8, str_of(verdict_word(s->verdict)));
	return db_run(q->db, c, e);
}

static enum err_code forget_attempt(struct queue *q, int64_t attempt_id, struct err *e)
{
	sqlite3_bind_int64(q->forget_attempt, 1, attempt_id);
	return db_run(q->db, q->forget_attempt, e);
}

/* On a copy: the transaction may fail and be tried again. */
static enum err_code settle_entry(struct queue *q, const struct lot *lot,
				  struct entry copy, const struct settlement *s,
				  struct err *e)
{
	struct entry *n = &copy;

	if (s->disposition != SETTLE_PARK) {
		n->attempts++;
		if (!n->first_sent_ms)
			n->first_sent_ms = s->started_ms;
	}
	if (s->unknown)
		n->flags |= ENTRY_UNKNOWN;
	switch (s->disposition) {
	case SETTLE_RETRY:
		return wait(q, n, STATUS_RETRYING, s->reason, s->due_ms, s->attempt_id,
			    e);
	case SETTLE_PARK:
		return wait(q, n, n->attempts ? STATUS_RETRYING : STATUS_PENDING,
			    n->attempts ? s->reason : REASON_NONE, s->due_ms,
			    s->attempt_id, e);
	case SETTLE_DELIVERED:
	case SETTLE_FAILED:
	case SETTLE_NONE: break;
	}
	if (lot->kind == LOT_RETRY && unwait(q, key_of(n), e) != ERR_OK)
		return e->code;
	return deliver(q, n,
		       s->disposition == SETTLE_DELIVERED ? STATUS_DELIVERED * 16
							  : (int)s->reason,
		       s->attempt_id, e);
}

enum err_code queue_settle(struct queue *q, const struct lot *lot,
			   const struct settlement *s, struct err *e)
{
	q->tallies = 0;
	if (s->answer ? close_attempt(q, s, e) : forget_attempt(q, s->attempt_id, e))
		return e->code;
	if (s->disposition == SETTLE_NONE)
		return ERR_OK;
	for (uint32_t i = 0; i < lot->count; i++) {
		const struct entry *n = &lot->entries[i];

		if (n->batch != s->batch || n->flags & ENTRY_DROPPED ||
		    n->reason != REASON_NONE)
			continue;
		if (settle_entry(q, lot, *n, s, e) != ERR_OK)
			return e->code;
	}
	return flush_tallies(q, e);
}

enum err_code queue_block(struct queue *q, int32_t destination_id, enum reason reason,
			  int64_t until_ms, const char *last_error, struct err *e)
{
	sqlite3_bind_int(q->block, 1, destination_id);
	db_bind_unless(q->block, 2, (int)reason, 0);
	db_bind_unless(q->block, 3, until_ms, 0);
	db_bind(q->block, 4, last_error[0] ? str_of(last_error) : STR_NONE);
	return db_run(q->db, q->block, e);
}
