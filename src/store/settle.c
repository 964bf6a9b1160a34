/* SPDX-License-Identifier: MIT */
#include "store/queue_rows.h"

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

/* Finished rows on their way into the file. */
struct pack {
	struct entry rows[QUEUE_PACK];
	int count;
};

static int finished_state(const struct settlement *s)
{
	return s->disposition == SETTLE_DELIVERED ? STATUS_DELIVERED * 16
						  : (int)s->reason;
}

static enum err_code flush_pack(struct queue *q, struct pack *p,
				const struct settlement *s, struct err *e)
{
	int count = p->count;

	p->count = 0;
	e->code = ERR_OK;
	if (count == QUEUE_PACK)
		return queue_deliver_pack(q, p->rows, finished_state(s), s->attempt_id,
					  e);
	for (int i = 0; i < count; i++)
		if (queue_deliver(q, &p->rows[i], finished_state(s), s->attempt_id, e) !=
		    ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err_code finish(struct queue *q, const struct lot *lot, const struct entry *n,
			    const struct settlement *s, struct pack *p, struct err *e)
{
	if (lot->kind == LOT_RETRY && queue_unwait(q, queue_key(n), e) != ERR_OK)
		return e->code;
	if (!queue_packs(n, p->count ? p->rows : n)) {
		if (flush_pack(q, p, s, e) != ERR_OK)
			return e->code;
		if (!queue_packs(n, n))
			return queue_deliver(q, n, finished_state(s), s->attempt_id, e);
	}
	p->rows[p->count++] = *n;
	return p->count == QUEUE_PACK ? flush_pack(q, p, s, e) : ERR_OK;
}

/* The attempt, where it was one: one that never began is forgotten, and the one before counts. */
static int64_t answered_by(const struct settlement *s)
{
	return s->answer ? s->attempt_id : s->answered_by;
}

/* On a copy: the transaction may fail and be tried again. */
static enum err_code settle_entry(struct queue *q, const struct lot *lot,
				  struct entry copy, const struct settlement *s,
				  struct pack *p, struct err *e)
{
	struct entry *n = &copy;

	if (s->disposition != SETTLE_PARK) {
		n->attempts++;
		if (!n->first_sent_ms)
			n->first_sent_ms = s->started_ms;
	}
	if (s->unknown)
		n->flags |= ENTRY_UNKNOWN;
	if (n->outbox_id <= s->cancelled_through &&
	    (s->disposition == SETTLE_PARK || s->disposition == SETTLE_RETRY))
		return queue_end(q, lot, n, REASON_DISCONNECTED, answered_by(s), e);
	switch (s->disposition) {
	case SETTLE_RETRY:
		return queue_wait(q, n, STATUS_RETRYING, s->reason, s->due_ms,
				  answered_by(s), e);
	case SETTLE_PARK:
		return queue_wait(q, n, n->attempts ? STATUS_RETRYING : STATUS_PENDING,
				  n->attempts ? s->reason : REASON_NONE, s->due_ms,
				  answered_by(s), e);
	case SETTLE_DELIVERED:
	case SETTLE_FAILED: return finish(q, lot, n, s, p, e);
	case SETTLE_NONE: break;
	}
	return ERR_OK;
}

enum err_code queue_settle(struct queue *q, const struct lot *lot,
			   const struct settlement *s, struct err *e)
{
	struct pack pack;

	pack.count = 0;
	q->tallies = 0;
	if (s->answer ? close_attempt(q, s, e) : forget_attempt(q, s->attempt_id, e))
		return e->code;
	if (s->disposition == SETTLE_NONE)
		return ERR_OK;
	for (uint32_t i = 0; i < lot->count; i++) {
		const struct entry *n = &lot->entries[i];

		if (entry_batch(n) != s->batch || n->flags & ENTRY_DROPPED ||
		    n->reason != REASON_NONE)
			continue;
		if (settle_entry(q, lot, *n, s, &pack, e) != ERR_OK)
			return e->code;
	}
	return flush_pack(q, &pack, s, e) == ERR_OK ? queue_flush(q, e) : e->code;
}
