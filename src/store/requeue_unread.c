/* SPDX-License-Identifier: MIT */
#include "store/requeue_unread.h"

#include "store/requeue_waits.h"

/* ?1 a reason, 0 any. */
static const char covers_sql[] = "SELECT ?1 = 0 OR ?1 IS " REQUEUE_ALL_WAIT_FOR;

static enum err_code covers_unread(struct requeue *q, const struct requeue_filter *f,
				   bool *covers, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	*covers = false;
	if (f->status != STATUS_PENDING || db_prepare(q->db, covers_sql, &stmt, e))
		return e->code;
	sqlite3_bind_int(stmt, 1, (int)f->reason);
	if (db_step(q->db, stmt, &row, e) == ERR_OK && row)
		*covers = sqlite3_column_int(stmt, 0) != 0;
	sqlite3_finalize(stmt);
	return e->code;
}

/* A row that is read between two slices would be sent, or left waiting, though it was there when
 * the move began: most of all one whose event_id has just been given up. */
static enum err_code begin_cancel(struct requeue *q, const struct requeue_filter *f,
				  struct err *e)
{
	if (covers_unread(q, f, &q->all_unread, e) != ERR_OK || !q->all_unread)
		return e->code;
	return given_up_unread(&q->given_up, e);
}

enum err_code requeue_begin_many(struct requeue *q, const struct requeue_filter *f,
				 struct err *e)
{
	e->code = ERR_OK;
	if (q->move == REQUEUE_CANCEL)
		return begin_cancel(q, f, e);
	if (f->status == STATUS_CANCELLED &&
	    (!f->reason || f->reason == REASON_BY_OPERATOR))
		return given_up_want_all(&q->given_up, e);
	return ERR_OK;
}

/* By then each of them has been cancelled by itself. */
enum err_code requeue_end_many(struct requeue *q, struct err *e)
{
	e->code = ERR_OK;
	return q->all_unread ? given_up_unread_done(&q->given_up, e) : ERR_OK;
}
