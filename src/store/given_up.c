/* SPDX-License-Identifier: MIT */
#include "store/given_up.h"

#include "core/event_id.h"
#include "store/dedup.h"

/* Only where rows are unread at all. */
static const char put_sql[] =
	"INSERT INTO given_up (hash, last_id, state) SELECT ?1, o.id, ?2 FROM queue q, "
	"(SELECT max(id) AS id FROM outbox) o WHERE o.id > q.cursor "
	"ON CONFLICT DO UPDATE SET last_id = excluded.last_id";

static const char put_wait_sql[] =
	"INSERT INTO given_up (hash, last_id, state) SELECT w.event_hash, o.id, 113 FROM "
	"waiting w, queue q, (SELECT max(id) AS id FROM outbox) o WHERE w.key = ?1 "
	"AND w.attempts = 0 AND w.event_hash IS NOT NULL AND o.id > q.cursor "
	"ON CONFLICT DO UPDATE SET last_id = excluded.last_id";

/* What was erased stays so, also where it is cancelled as well. */
static const char find_sql[] =
	"SELECT max(state) FROM given_up WHERE hash = ?1 AND last_id >= ?2";

/* Not all at once where they are many: producers wait. */
static const char passed_sql[] =
	"DELETE FROM given_up WHERE (hash, state) IN (SELECT hash, state FROM given_up "
	"WHERE last_id <= ?1 ORDER BY last_id LIMIT 1000)";

static const char drop_sql[] = "DELETE FROM given_up WHERE hash = ?1 AND state = ?2";

static const char want_all_sql[] = "DELETE FROM given_up WHERE state = 113";

_Static_assert(REASON_ERASED > REASON_BY_OPERATOR && REASON_BY_OPERATOR == 113,
	       "the statements above name it, and take the larger one");

enum err_code given_up_open(struct given_up *g, struct db *db, struct err *e)
{
	*g = (struct given_up){.db = db};
	scratch_init(&g->scratch);
	digest_init(&g->digest);
	if (dedup_seed(db, &g->seed, e) != ERR_OK ||
	    db_prepare(db, put_sql, &g->put, e) != ERR_OK ||
	    db_prepare(db, put_wait_sql, &g->put_wait, e) != ERR_OK ||
	    db_prepare(db, drop_sql, &g->drop, e) != ERR_OK ||
	    outbox_open(&g->outbox, db, e) != ERR_OK)
		given_up_close(g);
	return e->code;
}

void given_up_close(struct given_up *g)
{
	if (!g->db)
		return;
	sqlite3_finalize(g->put);
	sqlite3_finalize(g->put_wait);
	sqlite3_finalize(g->drop);
	outbox_close(&g->outbox);
	digest_fini(&g->digest);
	scratch_fini(&g->scratch);
	*g = (struct given_up){0};
}

static enum err_code on_hash(struct given_up *g, sqlite3_stmt *stmt, int64_t hash,
			     enum reason why, struct err *e)
{
	sqlite3_bind_int64(stmt, 1, hash);
	sqlite3_bind_int(stmt, 2, (int)why);
	return db_run(g->db, stmt, e);
}

static enum err_code on_id(struct given_up *g, sqlite3_stmt *stmt, const char *event_id,
			   enum reason why, struct err *e)
{
	return on_hash(g, stmt, dedup_hash(g->seed, str_of(event_id)), why, e);
}

/* As run/judge.c reads it. */
static struct str id_of(struct given_up *g, const struct outbox_row *row)
{
	struct str id = row->event_id;
	struct conversion c;
	enum reason reason = conversion_read(&c, row, &g->scratch);

	if (row->known_id.len && (reason || event_id_is_kept(&c, &g->scratch)))
		return row->known_id;
	if (reason == REASON_NONE)
		event_id_of(&c, &g->digest, &g->scratch, &id);
	return id;
}

static enum err_code on_row(struct given_up *g, sqlite3_stmt *stmt, int64_t outbox_id,
			    enum reason why, struct err *e)
{
	struct outbox_row row;
	int64_t hash = 0;
	struct str id;
	bool found;

	if (outbox_one(&g->outbox, outbox_id, &row, &found, e) == ERR_OK && found) {
		id = id_of(g, &row);
		hash = id.len ? dedup_hash(g->seed, id) : 0;
	}
	outbox_release(&g->outbox);
	return e->code == ERR_OK && hash ? on_hash(g, stmt, hash, why, e) : e->code;
}

enum err_code given_up_id(struct given_up *g, const char *event_id, enum reason why,
			  struct err *e)
{
	return on_id(g, g->put, event_id, why, e);
}

enum err_code given_up_row(struct given_up *g, int64_t outbox_id, enum reason why,
			   struct err *e)
{
	return on_row(g, g->put, outbox_id, why, e);
}

enum err_code given_up_wait(struct given_up *g, int64_t key, struct err *e)
{
	sqlite3_bind_int64(g->put_wait, 1, key);
	return db_run(g->db, g->put_wait, e);
}

enum err_code given_up_want_id(struct given_up *g, const char *event_id, struct err *e)
{
	return on_id(g, g->drop, event_id, REASON_BY_OPERATOR, e);
}

enum err_code given_up_want_row(struct given_up *g, int64_t outbox_id, struct err *e)
{
	return on_row(g, g->drop, outbox_id, REASON_BY_OPERATOR, e);
}

enum err_code given_up_want_all(struct given_up *g, struct err *e)
{
	return db_exec(g->db, want_all_sql, e);
}

enum err_code given_up_reader_open(struct given_up_reader *r, struct db *db,
				   struct err *e)
{
	*r = (struct given_up_reader){.db = db};
	if (db_prepare(db, "SELECT EXISTS (SELECT 1 FROM given_up)", &r->ask, e) !=
		    ERR_OK ||
	    db_prepare(db, find_sql, &r->find, e) != ERR_OK ||
	    db_prepare(db, passed_sql, &r->pass, e) != ERR_OK)
		given_up_reader_close(r);
	return e->code;
}

void given_up_reader_close(struct given_up_reader *r)
{
	sqlite3_finalize(r->ask);
	sqlite3_finalize(r->find);
	sqlite3_finalize(r->pass);
	*r = (struct given_up_reader){0};
}

enum err_code given_up_look(struct given_up_reader *r, bool fresh, struct err *e)
{
	bool row;

	e->code = ERR_OK;
	r->any = false;
	if (!fresh)
		return ERR_OK;
	if (db_step(r->db, r->ask, &row, e) == ERR_OK && row)
		r->any = sqlite3_column_int(r->ask, 0) != 0;
	sqlite3_reset(r->ask);
	return e->code;
}

enum err_code given_up_find(struct given_up_reader *r, int64_t hash, int64_t outbox_id,
			    enum reason *why, struct err *e)
{
	bool row;

	*why = REASON_NONE;
	sqlite3_bind_int64(r->find, 1, hash);
	sqlite3_bind_int64(r->find, 2, outbox_id);
	if (db_step(r->db, r->find, &row, e) == ERR_OK && row)
		*why = (enum reason)sqlite3_column_int(r->find, 0);
	sqlite3_reset(r->find);
	return e->code;
}

enum err_code given_up_passed(struct given_up_reader *r, int64_t cursor, struct err *e)
{
	e->code = ERR_OK;
	if (!r->any)
		return ERR_OK;
	sqlite3_bind_int64(r->pass, 1, cursor);
	return db_run(r->db, r->pass, e);
}
