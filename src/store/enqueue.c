/* SPDX-License-Identifier: MIT */
#include "store/enqueue.h"

enum err_code enqueue_open(struct enqueue *q, struct db *db, struct err *e)
{
	*q = (struct enqueue){.db = db};
	return db_prepare(db,
			  "INSERT INTO outbox (event_id, event, event_time, payload) "
			  "VALUES (?1, ?2, ?3, ?4)",
			  &q->put, e);
}

void enqueue_close(struct enqueue *q)
{
	sqlite3_finalize(q->put);
	q->put = NULL;
}

enum err_code enqueue_put(struct enqueue *q, const struct enqueue_row *row, struct err *e)
{
	db_bind(q->put, 1, row->event_id);
	db_bind(q->put, 2, row->event);
	switch (row->time) {
	case ENQUEUE_NO_TIME: sqlite3_bind_null(q->put, 3); break;
	case ENQUEUE_INT: sqlite3_bind_int64(q->put, 3, row->time_int); break;
	case ENQUEUE_REAL: sqlite3_bind_double(q->put, 3, row->time_real); break;
	case ENQUEUE_TEXT: db_bind(q->put, 3, row->time_text); break;
	}
	db_bind(q->put, 4, row->payload);
	return db_run(q->db, q->put, e);
}
