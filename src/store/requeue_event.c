/* SPDX-License-Identifier: MIT */
#include "store/lookup.h"
#include "store/requeue.h"

static enum err_code explain(enum requeue_refusal why, const char *event_id,
			     struct err *e)
{
	switch (why) {
	case REQUEUE_DELIVERED:
		return err_set(e, ERR_DATA, "'%.120s' was delivered; that is final",
			       event_id);
	case REQUEUE_DUPLICATE:
		return err_set(e, ERR_DATA, "'%.120s' is a duplicate of an earlier row",
			       event_id);
	case REQUEUE_IN_FLIGHT:
		return err_set(e, ERR_BUSY, "'%.120s' is in flight right now; try again",
			       event_id);
	case REQUEUE_PENDING:
		return err_set(e, ERR_DATA,
			       "'%.120s' is pending already; see: convey status",
			       event_id);
	case REQUEUE_FINISHED:
		return err_set(e, ERR_DATA, "'%.120s' ended unsent already", event_id);
	case REQUEUE_ERASED:
		return err_set(e, ERR_DATA,
			       "'%.120s' was erased; there is nothing to send", event_id);
	case REQUEUE_REMOVED:
		return err_set(
			e, ERR_DATA,
			"the destination of '%.120s' was removed; add it again first",
			event_id);
	default: return err_set(e, ERR_NOINPUT, LOOKUP_ABSENT, event_id);
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

enum err_code requeue_event(struct requeue *q, const char *event_id, struct err *e)
{
	int64_t ids[LOOKUP_MAX], holder;
	int count;

	if (lookup_event(q->db, event_id, ids, &count, e) != ERR_OK)
		return e->code;
	if (count == 0)
		return explain(REQUEUE_ABSENT, event_id, e);
	if (lookup_holder(q->db, ids, count, &holder, e) != ERR_OK ||
	    requeue_row(q, holder, e) != ERR_OK)
		return e->code;
	if (q->moved == 0 && q->move == REQUEUE_CANCEL &&
	    (q->why == REQUEUE_DELIVERED || q->why == REQUEUE_FINISHED) &&
	    cancel_others(q, ids, count, holder, e) != ERR_OK)
		return e->code;
	return q->moved > 0 ? ERR_OK : explain(q->why, event_id, e);
}
