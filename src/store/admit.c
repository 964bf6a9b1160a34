/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "store/in_flight.h"
#include "store/members.h"
#include "store/queue_rows.h"

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

/* A destination may have been removed since the lot was decided: it was not known then that rows
 * would wait for it, and they end as those that a disconnected one gives up. */
static enum err_code give_up_removed(struct queue *q, struct lot *lot, struct err *e)
{
	bool gone[KEY_DESTINATIONS] = {false}, any = false, row;

	sqlite3_bind_int64(q->removed, 1, lot->config_version);
	while (db_step(q->db, q->removed, &row, e) == ERR_OK && row)
		any = gone[sqlite3_column_int(q->removed, 0) % KEY_DESTINATIONS] = true;
	sqlite3_reset(q->removed);
	for (uint32_t i = 0; any && i < lot->count; i++) {
		struct entry *n = &lot->entries[i];

		if (n->reason == REASON_NONE && gone[n->destination_id])
			n->reason = REASON_DISCONNECTED;
	}
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
		if (s == q->lease) {
			sqlite3_bind_int(s, 2, (int)status);
			db_bind_unless(s, 3, n->hash, 0);
		}
		if (db_run(q->db, s, e) != ERR_OK)
			return e->code;
		gone = sqlite3_changes(q->db->handle) == 0;
		if (gone)
			n->flags |= ENTRY_DROPPED;
		else if (queue_tally(q, at, (int)status * 16, -1, 0, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* Whether the holder of an id still claims it: it waits, is in flight or was sent. */
static enum err_code is_live(struct queue *q, const struct lot *lot, int64_t owner,
			     bool *live, struct err *e)
{
	int answer = 0;
	bool row;

	for (uint32_t i = 0; i < lot->count; i++) {
		const struct entry *n = &lot->entries[i];

		*live = true;
		if (n->outbox_id == owner && n->reason == REASON_NONE &&
		    !(n->flags & ENTRY_DROPPED))
			return ERR_OK;
	}
	sqlite3_bind_int64(q->live, 1, owner * KEY_DESTINATIONS);
	if (db_step(q->db, q->live, &row, e) == ERR_OK && row)
		answer = sqlite3_column_int(q->live, 0);
	sqlite3_reset(q->live);
	*live = answer == 1;
	/* A request lies around it, and may be of others alone. */
	if (e->code == ERR_OK && answer == 2)
		e->code = in_flight_has(q->db, owner, live, e);
	return e->code;
}

static enum err_code on_ids(struct queue *q, sqlite3_stmt *s, int64_t a, int64_t b,
			    struct err *e)
{
	sqlite3_bind_int64(s, 1, a);
	sqlite3_bind_int64(s, 2, b);
	return db_run(q->db, s, e);
}

/* The row becomes the holder of its id. One that gave it up stays known as the holder's, and
 * is not read back as the holder after a restart. */
static enum err_code take_id(struct queue *q, const struct entry *n, int64_t former,
			     struct err *e)
{
	if (former && (on_ids(q, q->duplicate, n->outbox_id, former, e) != ERR_OK ||
		       on_ids(q, q->set_hash, former * KEY_DESTINATIONS, 0, e) != ERR_OK))
		return e->code;
	return dedup_enter(&q->dedup, n->hash, n->outbox_id, e);
}

/* *holder: who claims the row's id, 0 for nobody; *former: who gave it up. */
static enum err_code find_holder(struct queue *q, const struct lot *lot,
				 const struct entry *n, int64_t *holder, int64_t *former,
				 struct err *e)
{
	struct str id = {lot->text + n->id_at, n->id_len};
	bool live = true;

	*former = 0;
	if (dedup_find(&q->dedup, n->hash, id, holder, e) != ERR_OK || !*holder ||
	    *holder == n->outbox_id || is_live(q, lot, *holder, &live, e) != ERR_OK ||
	    live)
		return e->code;
	*former = *holder;
	*holder = 0;
	return ERR_OK;
}

/* *owner: the row itself, or the one before it with the same event_id. */
static enum err_code claim_id(struct queue *q, const struct lot *lot,
			      const struct entry *n, int64_t *owner, struct err *e)
{
	int64_t former;

	*owner = n->outbox_id;
	if (!n->hash)
		return ERR_OK;
	if (find_holder(q, lot, n, owner, &former, e) != ERR_OK || *owner)
		return e->code;
	*owner = n->outbox_id;
	return take_id(q, n, former, e);
}

static enum err_code is_by_operator(struct queue *q, int64_t outbox_id, bool *is,
				    struct err *e)
{
	sqlite3_bind_int64(q->by_operator, 1, outbox_id * KEY_DESTINATIONS);
	e->code = db_step(q->db, q->by_operator, is, e);
	sqlite3_reset(q->by_operator);
	return e->code;
}

/* Who gave the id up keeps it where a person cancelled both: of those, too, the first row is the
 * one that is sent when they are wanted again. */
static enum err_code leave_to_former(struct queue *q, const struct entry *n,
				     int64_t former, int64_t *holder, struct err *e)
{
	bool both = former != 0;

	e->code = ERR_OK;
	if (both && is_by_operator(q, n->outbox_id, &both, e) == ERR_OK && both)
		e->code = is_by_operator(q, former, &both, e);
	if (both)
		*holder = former;
	return e->code;
}

/* A row that claims no id, because it cannot be read or was cancelled before it was: people
 * look for it by its id all the same. */
static enum err_code note_id(struct queue *q, const struct lot *lot, struct entry *n,
			     struct err *e)
{
	int64_t holder, former;

	if (!n->hash)
		return ERR_OK;
	if (find_holder(q, lot, n, &holder, &former, e) != ERR_OK ||
	    holder == n->outbox_id || leave_to_former(q, n, former, &holder, e) != ERR_OK)
		return e->code;
	if (!holder)
		return take_id(q, n, former, e);
	n->flags |= ENTRY_CLAIMLESS;
	return on_ids(q, q->duplicate, holder, n->outbox_id, e);
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
		if (queue_wait(q, n, STATUS_PENDING, REASON_NONE, q->now_ms, 0, e) !=
		    ERR_OK)
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
		    queue_unwait(q, queue_key(&lot->entries[i]), e) != ERR_OK)
			return e->code;
	}
	lot->entries[at].flags |= ENTRY_TWIN;
	twin.destination_id = 0;
	twin.name_id = twin.event_time = 0;
	twin.limited_data_use = -1;
	if (hold_first(q, lot, owner, e) != ERR_OK ||
	    on_ids(q, q->later, owner, twin.outbox_id, e) != ERR_OK)
		return e->code;
	return queue_deliver(q, &twin, STATUS_DUPLICATE * 16, 0, e);
}

static enum err_code count_unmapped(struct queue *q, const struct lot *lot,
				    const struct entry *n, struct err *e)
{
	if (lot->kind != LOT_FRESH) /* it was counted then */
		return e->code = ERR_OK;
	db_bind(q->unmapped, 1, str_make(lot->text + n->event_at, n->event_len));
	sqlite3_bind_int64(q->unmapped, 2, q->now_ms);
	return db_run(q->db, q->unmapped, e);
}

/* Resending is safe while TikTok remembers the event_id, and under that one alone; else it could
 * count twice. */
static enum err_code stop_resending(struct queue *q, const struct lot *lot,
				    struct entry *n, struct err *e)
{
	n->flags |= ENTRY_DROPPED;
	if (n->flags & ENTRY_UNKNOWN)
		return queue_wait(q, n, STATUS_HELD, REASON_OUTCOME_UNKNOWN, 0, 0, e);
	return queue_end(q, lot, n, REASON_RETRIES_EXHAUSTED, 0, e);
}

static enum err_code admit_entry(struct queue *q, struct lot *lot, struct entry *n,
				 struct err *e)
{
	if (n->reason != REASON_NONE) {
		n->flags |= ENTRY_DROPPED;
		if (n->reason == REASON_NOT_MAPPED &&
		    count_unmapped(q, lot, n, e) != ERR_OK)
			return e->code;
		return queue_end(q, lot, n, n->reason, 0, e);
	}
	/* By the clock they were read by: that it is set meanwhile is known only later. */
	if ((n->first_sent_ms && lot->now_ms - n->first_sent_ms > RESEND_MAX_MS) ||
	    n->flags & ENTRY_RENAMED)
		return stop_resending(q, lot, n, e);
	if (n->flags & ENTRY_PARKED) {
		n->flags |= ENTRY_DROPPED;
		return queue_wait(q, n, n->attempts ? STATUS_RETRYING : STATUS_PENDING,
				  REASON_NONE, q->now_ms, 0, e);
	}
	return ERR_OK;
}

/* The id of a row, once: *ended where the row is a duplicate. */
static enum err_code admit_id(struct queue *q, struct lot *lot, uint32_t at, bool *ended,
			      struct err *e)
{
	struct entry *n = &lot->entries[at];
	int64_t owner = n->outbox_id;

	*ended = false;
	if (record_id(q, lot, n, e) != ERR_OK)
		return e->code;
	if (n->flags & ENTRY_UNREAD)
		return note_id(q, lot, n, e);
	if (claim_id(q, lot, n, &owner, e) != ERR_OK)
		return e->code;
	*ended = owner != n->outbox_id;
	return *ended ? settle_duplicate(q, lot, at, owner, e) : ERR_OK;
}

/* A row that was cancelled before it was read has a delivery without its id. */
static enum err_code note_cancelled(struct queue *q, const struct lot *lot,
				    struct entry *n, struct err *e)
{
	if (lot->kind != LOT_FRESH || !(n->flags & ENTRY_FIRST))
		return ERR_OK;
	if (record_id(q, lot, n, e) != ERR_OK || note_id(q, lot, n, e) != ERR_OK)
		return e->code;
	return entry_hash(n) ? on_ids(q, q->set_hash, n->outbox_id * KEY_DESTINATIONS,
				      n->hash, e)
			     : ERR_OK;
}

/* The row came before somebody gave its id up (store/given_up.h): unless another holds the id, it
 * ends as one that was cancelled before it was read. */
static enum err_code end_given_up(struct queue *q, struct lot *lot, uint32_t at,
				  struct err *e)
{
	struct entry end = lot->entries[at];
	int64_t holder, former;
	enum reason why;

	if (given_up_find(&q->given_up, end.hash, end.outbox_id, &why, e) != ERR_OK ||
	    why == REASON_NONE ||
	    find_holder(q, lot, &end, &holder, &former, e) != ERR_OK || holder)
		return e->code;
	for (uint32_t i = at;
	     i < lot->count && lot->entries[i].outbox_id == end.outbox_id; i++)
		lot->entries[i].flags |= ENTRY_DROPPED;
	end.destination_id = 0;
	end.name_id = end.event_time = 0;
	end.limited_data_use = -1;
	end.hash = 0; /* until it is known whose the id is: note_cancelled */
	return queue_deliver(q, &end, (int)why, 0, e);
}

static bool may_be_given_up(const struct queue *q, const struct entry *n)
{
	return q->given_up.any && n->hash && n->flags & ENTRY_FIRST &&
	       !(n->flags & ENTRY_DROPPED);
}

static enum err_code admit_rows(struct queue *q, struct lot *lot, struct err *e)
{
	for (uint32_t i = 0; i < lot->count; i++) {
		struct entry *n = &lot->entries[i];
		bool ended = false;

		if (may_be_given_up(q, n) && end_given_up(q, lot, i, e) != ERR_OK)
			return e->code;
		if (n->flags & ENTRY_DROPPED) {
			if (note_cancelled(q, lot, n, e) != ERR_OK)
				return e->code;
			continue;
		}
		if (n->flags & ENTRY_FIRST && admit_id(q, lot, i, &ended, e) != ERR_OK)
			return e->code;
		if (!ended && admit_entry(q, lot, n, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err_code pass(struct queue *q, const struct lot *lot, struct err *e)
{
	e->code = ERR_OK;
	if (lot->kind != LOT_FRESH)
		return ERR_OK;
	sqlite3_bind_int64(q->cursor, 1, lot->last_id);
	if (db_run(q->db, q->cursor, e) != ERR_OK)
		return e->code;
	return given_up_passed(&q->given_up, lot->last_id, e);
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

		if (entry_batch(n) != o->batch ||
		    n->destination_id != o->destination_id || n->flags & ENTRY_DROPPED)
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

enum err_code queue_admit(struct queue *q, struct lot *lot, struct opening *openings,
			  size_t count, struct err *e)
{
	q->tallies = 0;
	e->code = ERR_OK;
	/* A transaction that failed may have dropped some; it is as if it had never been. */
	for (uint32_t i = 0; i < lot->count; i++)
		lot->entries[i].flags &=
			(uint16_t) ~(ENTRY_DROPPED | ENTRY_TWIN | ENTRY_CLAIMLESS);
	if (lot->kind == LOT_FRESH ? drop_cancelled(q, lot, e) : take_waiting(q, lot, e))
		return e->code;
	if (give_up_removed(q, lot, e) != ERR_OK ||
	    given_up_look(&q->given_up, lot->kind == LOT_FRESH, e) != ERR_OK ||
	    admit_rows(q, lot, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < count; i++)
		if (queue_reopen(q, lot, &openings[i], e) != ERR_OK)
			return e->code;
	if (pass(q, lot, e) != ERR_OK || queue_note_plain(q, lot, e) != ERR_OK)
		return e->code;
	return queue_flush(q, e);
}
