/* SPDX-License-Identifier: MIT */
#include "store/counter.h"

#include "core/reason.h"

enum { QUARTER_MS = 15 * 60 * 1000, QUARTERS_KEPT = 2 * 24 * 4 };

enum err_code counter_open(struct counter *c, struct db *db, struct err *e)
{
	*c = (struct counter){.db = db};
	if (db_prepare(db,
		       "INSERT INTO counter (destination_id, state, count, first_seen, "
		       "last_seen, example_id) VALUES (?1, ?2, ?3, ?4, ?4, ?5) "
		       "ON CONFLICT DO UPDATE SET count = count + ?3, "
		       "first_seen = CASE WHEN count <= 0 THEN ?4 ELSE first_seen END, "
		       "last_seen = CASE WHEN ?3 > 0 THEN ?4 ELSE last_seen END, "
		       "example_id = CASE WHEN ?3 > 0 THEN ?5 ELSE example_id END",
		       &c->add, e) == ERR_OK &&
	    db_prepare(db,
		       "INSERT INTO quarter (quarter, destination_id, status, count) "
		       "VALUES (?1, ?2, ?3, ?4) "
		       "ON CONFLICT DO UPDATE SET count = count + ?4",
		       &c->end, e) == ERR_OK &&
	    db_prepare(db,
		       "SELECT quarter, count FROM quarter WHERE destination_id = ?1 AND "
		       "status = ?2 AND quarter >= ?3 AND count > 0 ORDER BY quarter "
		       "LIMIT 1",
		       &c->first_end, e) == ERR_OK &&
	    db_prepare(db,
		       "UPDATE quarter SET count = count - 1 WHERE destination_id = ?1 "
		       "AND status = ?2 AND quarter = ?3 AND count > 0",
		       &c->begin_anew, e) == ERR_OK &&
	    db_prepare(db, "DELETE FROM quarter WHERE quarter < ?1", &c->forget, e) ==
		    ERR_OK)
		return ERR_OK;
	counter_close(c);
	return e->code;
}

void counter_close(struct counter *c)
{
	sqlite3_finalize(c->add);
	sqlite3_finalize(c->end);
	sqlite3_finalize(c->first_end);
	sqlite3_finalize(c->begin_anew);
	sqlite3_finalize(c->forget);
	*c = (struct counter){0};
}

static struct ended *ended_of(struct counter *c, int32_t destination_id, int status)
{
	size_t at = (size_t)(destination_id * 11 + status);

	return &c->ended[at % (sizeof(c->ended) / sizeof(c->ended[0]))];
}

static enum err_code note_end(struct counter *c, int32_t destination_id,
			      enum status status, int64_t delta, int64_t now_ms,
			      struct err *e)
{
	int64_t quarter = now_ms / QUARTER_MS;

	ended_of(c, destination_id, (int)status)->left = 0;
	sqlite3_bind_int64(c->end, 1, quarter);
	sqlite3_bind_int(c->end, 2, destination_id);
	sqlite3_bind_int(c->end, 3, (int)status);
	sqlite3_bind_int64(c->end, 4, delta);
	if (db_run(c->db, c->end, e) != ERR_OK)
		return e->code;
	if (quarter == c->quarter)
		return ERR_OK;
	c->quarter = quarter;
	sqlite3_bind_int64(c->forget, 1, quarter - QUARTERS_KEPT);
	return db_run(c->db, c->forget, e);
}

enum err_code counter_add(struct counter *c, int32_t destination_id, int state,
			  int64_t delta, int64_t now_ms, int64_t example_id,
			  struct err *e)
{
	enum status status = (enum status)(state / 16);

	sqlite3_bind_int(c->add, 1, destination_id);
	sqlite3_bind_int(c->add, 2, state);
	sqlite3_bind_int64(c->add, 3, delta);
	sqlite3_bind_int64(c->add, 4, now_ms);
	db_bind_unless(c->add, 5, example_id, 0);
	if (db_run(c->db, c->add, e) != ERR_OK)
		return e->code;
	if (delta <= 0 || status < STATUS_HELD)
		return ERR_OK;
	return note_end(c, destination_id, status, delta, now_ms, e);
}

/* One search for the many that ended in one quarter. */
static enum err_code find_end(struct counter *c, struct ended *n, int32_t destination_id,
			      int status, int64_t from, struct err *e)
{
	bool row;

	e->code = ERR_OK;
	if (n->left > 0 && n->destination_id == destination_id && n->status == status &&
	    from >= n->from && from <= n->quarter)
		return ERR_OK;
	*n = (struct ended){
		.destination_id = destination_id, .status = status, .from = from};
	sqlite3_bind_int(c->first_end, 1, destination_id);
	sqlite3_bind_int(c->first_end, 2, status);
	sqlite3_bind_int64(c->first_end, 3, from);
	if (db_step(c->db, c->first_end, &row, e) == ERR_OK && row) {
		n->quarter = sqlite3_column_int64(c->first_end, 0);
		n->left = sqlite3_column_int64(c->first_end, 1);
	}
	sqlite3_reset(c->first_end);
	return e->code;
}

/* When it ended is not kept: in the first quarter that it may have been. One that began before
 * all that are kept is likely not in them. */
enum err_code counter_begin_anew(struct counter *c, int32_t destination_id, int state,
				 int64_t since_ms, int64_t now_ms, struct err *e)
{
	struct ended *n = ended_of(c, destination_id, state / 16);

	e->code = ERR_OK;
	if (since_ms / QUARTER_MS < now_ms / QUARTER_MS - QUARTERS_KEPT ||
	    find_end(c, n, destination_id, state / 16, since_ms / QUARTER_MS, e) !=
		    ERR_OK ||
	    n->left == 0)
		return e->code;
	n->left--;
	sqlite3_bind_int(c->begin_anew, 1, destination_id);
	sqlite3_bind_int(c->begin_anew, 2, state / 16);
	sqlite3_bind_int64(c->begin_anew, 3, n->quarter);
	return db_run(c->db, c->begin_anew, e);
}
