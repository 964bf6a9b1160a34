/* SPDX-License-Identifier: MIT */
#include "store/requeue_event.h"

#include <stdio.h>

#include "store/in_flight.h"

static enum err_code refused(enum requeue_refusal why, const char *name, struct err *e)
{
	switch (why) {
	case REQUEUE_DELIVERED:
		return err_set(e, ERR_DATA, "%s was delivered; that is final", name);
	case REQUEUE_DUPLICATE:
		return err_set(e, ERR_DATA,
			       "%s is a duplicate of an earlier row; if it is another "
			       "conversion, insert it again under an event_id of its own",
			       name);
	case REQUEUE_IN_FLIGHT:
		return err_set(e, ERR_BUSY, "%s is in flight right now; try again", name);
	case REQUEUE_PENDING:
		return err_set(e, ERR_DATA, "%s is pending already; see: convey status",
			       name);
	case REQUEUE_FINISHED:
		return err_set(e, ERR_DATA, "%s ended unsent already", name);
	case REQUEUE_ERASED:
		return err_set(e, ERR_DATA, "%s was erased; there is nothing to send",
			       name);
	case REQUEUE_REMOVED:
		return err_set(e, ERR_DATA,
			       "the destination of %s was removed; add it again first",
			       name);
	default: return err_set(e, ERR_NOINPUT, "%s is gone", name);
	}
}

/* A row that was rejected, mended and inserted again needs a person for ever, unless it can be
 * put aside: the one that bears the id now is not touched. */
static enum err_code cancel_others(struct requeue *q, const int64_t *ids, int count,
				   int64_t holder, struct err *e)
{
	enum requeue_refusal why = q->why;

	for (int i = 0; i < count; i++)
		if (ids[i] != holder && ids[i] <= q->cursor &&
		    requeue_row(q, ids[i], e) != ERR_OK)
			return e->code;
	q->why = why;
	return ERR_OK;
}

/* What is given up unsent gives its id up: the next row, which no relay has read yet, would be sent
 * in its place, though the person gave the id up. */
static enum err_code cancel_unread(struct requeue *q, const int64_t *ids, int count,
				   struct err *e)
{
	int64_t next;

	for (int i = 0; i < count; i++)
		if (lookup_next(q->db, ids, count, &next, e) != ERR_OK || next == 0 ||
		    requeue_row(q, next, e) != ERR_OK)
			return e->code;
	return e->code;
}

/* What is left alone may have ended at one destination and be in a request to another. */
static enum err_code look_in_flight(struct requeue *q, int64_t holder, struct err *e)
{
	bool has;

	if (in_flight_has(q->db, holder, &has, e) == ERR_OK && has)
		q->why = REQUEUE_IN_FLIGHT;
	return e->code;
}

static enum err_code cancel_rest(struct requeue *q, const struct requeue_found *f,
				 int64_t holder, struct err *e)
{
	if (q->moved > 0)
		return f->event_id ? cancel_unread(q, f->ids, f->count, e) : ERR_OK;
	if (look_in_flight(q, holder, e) != ERR_OK ||
	    (q->why != REQUEUE_DELIVERED && q->why != REQUEUE_FINISHED))
		return e->code;
	return cancel_others(q, f->ids, f->count, holder, e);
}

enum err_code requeue_find(struct db *db, const char *event_id, int64_t row,
			   struct requeue_found *out, struct err *e)
{
	struct requeue_found f = {.event_id = event_id};

	if (db_int(db, "SELECT max(id) FROM outbox", 0, &f.seen, e) != ERR_OK)
		return e->code;
	e->code = event_id ? lookup_event(db, event_id, f.ids, &f.count, e)
			   : lookup_row(db, row, f.ids, &f.count, e);
	if (e->code != ERR_OK)
		return e->code;
	*out = f;
	if (f.count > 0)
		return ERR_OK;
	return event_id ? err_set(e, ERR_NOINPUT, LOOKUP_ABSENT, event_id)
			: err_set(e, ERR_NOINPUT, LOOKUP_NO_ROW, (long long)row);
}

/* Of what may have been read, inserted or deleted since. */
static enum err_code look_again(struct requeue *q, struct requeue_found *f, struct err *e)
{
	e->code = ERR_OK;
	if (!f->event_id)
		return ERR_OK;
	if (lookup_again(q->db, f->event_id, f->seen, f->ids, &f->count, e) == ERR_OK &&
	    f->count == 0)
		err_set(e, ERR_NOINPUT, LOOKUP_ABSENT, f->event_id);
	return e->code;
}

/* Rows that are unread: whose id stands in the payload, or that are too many to be looked up. */
static enum err_code mark_unread(struct requeue *q, const struct requeue_found *f,
				 struct err *e)
{
	struct given_up *g = &q->given_up;

	e->code = ERR_OK;
	if (q->move == REQUEUE_RETRY && f->event_id)
		return given_up_want_id(g, f->event_id, e);
	/* One that ended by itself is not what was given up. */
	if (q->move == REQUEUE_RETRY)
		return q->taken_back ? given_up_want_row(g, f->ids[0], e) : ERR_OK;
	return f->event_id ? given_up_id(g, f->event_id, REASON_BY_OPERATOR, e) : ERR_OK;
}

enum err_code requeue_event(struct requeue *q, struct requeue_found *f, struct err *e)
{
	int64_t holder;
	char name[144];

	if (look_again(q, f, e) != ERR_OK ||
	    lookup_holder(q->db, f->ids, f->count, &holder, e) != ERR_OK ||
	    requeue_row(q, holder, e) != ERR_OK)
		return e->code;
	if (q->move == REQUEUE_CANCEL && cancel_rest(q, f, holder, e) != ERR_OK)
		return e->code;
	if (q->moved > 0)
		return mark_unread(q, f, e);
	if (f->event_id)
		snprintf(name, sizeof(name), "'%.120s'", f->event_id);
	else
		snprintf(name, sizeof(name), "row %lld", (long long)holder);
	return refused(q->why, name, e);
}
