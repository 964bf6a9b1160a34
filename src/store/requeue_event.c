/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "store/in_flight.h"
#include "store/lookup.h"
#include "store/requeue.h"

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

static enum err_code cancel_rest(struct requeue *q, bool by_number, const int64_t *ids,
				 int count, int64_t holder, struct err *e)
{
	if (q->moved > 0)
		return by_number ? ERR_OK : cancel_unread(q, ids, count, e);
	if (look_in_flight(q, holder, e) != ERR_OK ||
	    (q->why != REQUEUE_DELIVERED && q->why != REQUEUE_FINISHED))
		return e->code;
	return cancel_others(q, ids, count, holder, e);
}

static enum err_code find(struct requeue *q, int64_t outbox_id, const char *event_id,
			  int64_t ids[LOOKUP_MAX], int *count, struct err *e)
{
	e->code = outbox_id ? lookup_row(q->db, outbox_id, ids, count, e)
			    : lookup_event(q->db, event_id, ids, count, e);
	if (e->code != ERR_OK || *count > 0)
		return e->code;
	return outbox_id ? err_set(e, ERR_NOINPUT, LOOKUP_NO_ROW, (long long)outbox_id)
			 : err_set(e, ERR_NOINPUT, LOOKUP_ABSENT, event_id);
}

enum err_code requeue_event(struct requeue *q, int64_t outbox_id, const char *event_id,
			    struct err *e)
{
	int64_t ids[LOOKUP_MAX], holder;
	char name[144];
	int count;

	if (find(q, outbox_id, event_id, ids, &count, e) != ERR_OK)
		return e->code;
	if (lookup_holder(q->db, ids, count, &holder, e) != ERR_OK ||
	    requeue_row(q, holder, e) != ERR_OK)
		return e->code;
	if (q->move == REQUEUE_CANCEL &&
	    cancel_rest(q, outbox_id != 0, ids, count, holder, e) != ERR_OK)
		return e->code;
	if (q->moved > 0)
		return ERR_OK;
	if (outbox_id)
		snprintf(name, sizeof(name), "row %lld", (long long)outbox_id);
	else
		snprintf(name, sizeof(name), "'%.120s'", event_id);
	return refused(q->why, name, e);
}
