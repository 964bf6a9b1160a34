/* SPDX-License-Identifier: MIT */
#include "store/counter.h"

enum err_code counter_open(struct counter *c, struct db *db, struct err *e)
{
	c->db = db;
	return db_prepare(
		db,
		"INSERT INTO counter (destination_id, state, count, first_seen, "
		"last_seen, example_id) VALUES (?1, ?2, ?3, ?4, ?4, ?5) "
		"ON CONFLICT DO UPDATE SET count = count + ?3, "
		"first_seen = CASE WHEN count <= 0 THEN ?4 ELSE first_seen END, "
		"last_seen = CASE WHEN ?3 > 0 THEN ?4 ELSE last_seen END, "
		"example_id = CASE WHEN ?3 > 0 THEN ?5 ELSE example_id END",
		&c->add, e);
}

void counter_close(struct counter *c)
{
	sqlite3_finalize(c->add);
	c->add = NULL;
}

enum err_code counter_add(struct counter *c, int32_t destination_id, int state,
			  int64_t delta, int64_t now_ms, int64_t example_id,
			  struct err *e)
{
	sqlite3_bind_int(c->add, 1, destination_id);
	sqlite3_bind_int(c->add, 2, state);
	sqlite3_bind_int64(c->add, 3, delta);
	sqlite3_bind_int64(c->add, 4, now_ms);
	db_bind_unless(c->add, 5, example_id, 0);
	return db_run(c->db, c->add, e);
}
