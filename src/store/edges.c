/* SPDX-License-Identifier: MIT */
#include "store/edges.h"

#include <stdlib.h>

enum { BLOB_MAX = 8 * 1024 * 1024 };

struct directed {
	uint64_t a, b;
	const struct kin_edge *edge;
};

static enum err_code prepare(struct edges *g, struct err *e)
{
	if (db_prepare(g->db, "INSERT INTO identity_recent (id, edges) VALUES (?1, ?2)",
		       &g->append, e) ||
	    db_prepare(g->db,
		       "INSERT INTO identity_edge (a, b, seen_at, source, row_id) "
		       "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
		       "seen_at = excluded.seen_at, source = excluded.source, "
		       "row_id = excluded.row_id "
		       "WHERE (excluded.seen_at, excluded.source, excluded.row_id) "
		       "< (seen_at, source, row_id)",
		       &g->put, e) ||
	    db_prepare(g->db,
		       "SELECT 1 FROM identity_edge WHERE a = ?1 AND b = ?2 "
		       "AND seen_at <= ?3",
		       &g->known, e) ||
	    db_prepare(g->db, "DELETE FROM identity_recent WHERE id <= ?1", &g->drop, e))
		return e->code;
	return db_prepare(g->db,
			  "UPDATE identity_edge SET disabled = ?3 "
			  "WHERE (a = ?1 AND b = ?2) OR (a = ?2 AND b = ?1)",
			  &g->disable, e);
}

enum err_code edges_open(struct edges *g, struct db *db, struct kinship *kinship,
			 struct err *e)
{
	*g = (struct edges){.db = db, .kinship = kinship};
	buf_init(&g->blob, BLOB_MAX);
	if (prepare(g, e) == ERR_OK &&
	    db_int(db, "SELECT max(id) FROM identity_recent", 0, &g->last, e) == ERR_OK)
		g->last_id = g->last;
	else
		edges_close(g);
	return e->code;
}

void edges_close(struct edges *g)
{
	sqlite3_finalize(g->append);
	sqlite3_finalize(g->put);
	sqlite3_finalize(g->drop);
	sqlite3_finalize(g->disable);
	sqlite3_finalize(g->known);
	buf_fini(&g->blob);
	kin_fini(&g->pending);
	free(g->moving);
	*g = (struct edges){0};
}

enum err_code edges_append(struct edges *g, const struct kin *edges, struct err *e)
{
	e->code = ERR_OK;
	if (edges->count == 0)
		return ERR_OK;
	buf_clear(&g->blob);
	kinship_pack(edges, &g->blob);
	sqlite3_bind_int64(g->append, 1, ++g->last_id);
	sqlite3_bind_blob64(g->append, 2, g->blob.p, g->blob.len, SQLITE_STATIC);
	if (db_run(g->db, g->append, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < edges->count; i++)
		kin_put(&g->pending, &edges->edges[i]);
	return ERR_OK;
}

enum err_code edges_known(struct edges *g, uint64_t a, uint64_t b, int64_t at_s,
			  bool *known, struct err *e)
{
	e->code = ERR_OK;
	*known = kinship_pair(g->kinship, a, b, at_s);
	if (*known || !kinship_stored(g->kinship, a))
		return ERR_OK;
	sqlite3_bind_int64(g->known, 1, (int64_t)a);
	sqlite3_bind_int64(g->known, 2, (int64_t)b);
	sqlite3_bind_int64(g->known, 3, at_s);
	e->code = db_step(g->db, g->known, known, e);
	sqlite3_reset(g->known);
	return e->code;
}

/* As SQLite orders them: signed. */
static int by_key(const void *x, const void *y)
{
	const struct directed *p = x, *q = y;

	if (p->a != q->a)
		return (int64_t)p->a < (int64_t)q->a ? -1 : 1;
	return p->b == q->b ? 0 : (int64_t)p->b < (int64_t)q->b ? -1 : 1;
}

/* Only the writer changes `moving`: it is read here without the lock. */
static enum err_code start_move(struct edges *g, struct err *e)
{
	const struct kin *from = &g->kinship->moving;
	struct kin stored = {0};

	if (kinship_read(g->db, g->last, &stored, e) != ERR_OK) {
		kin_fini(&stored);
		return e->code;
	}
	kinship_start_move(g->kinship, &stored);
	g->upto = g->last;
	g->at = g->end = 0;
	g->count = 2 * from->count;
	g->moving = malloc((g->count + 1) * sizeof(*g->moving));
	if (!g->moving)
		abort();
	for (size_t i = 0; i < g->count; i++) {
		const struct kin_edge *edge = &from->edges[i / 2];

		g->moving[i] =
			(struct directed){edge->end[i % 2], edge->end[1 - i % 2], edge};
		/* Before anybody's snapshot has it. */
		kinship_note_stored(g->kinship, edge->end[i % 2]);
	}
	qsort(g->moving, g->count, sizeof(*g->moving), by_key);
	return ERR_OK;
}

static enum err_code put(struct edges *g, const struct directed *d, struct err *e)
{
	sqlite3_bind_int64(g->put, 1, (int64_t)d->a);
	sqlite3_bind_int64(g->put, 2, (int64_t)d->b);
	sqlite3_bind_int64(g->put, 3, d->edge->at_s);
	sqlite3_bind_int(g->put, 4, (int)d->edge->source);
	sqlite3_bind_int64(g->put, 5, d->edge->row_id);
	return db_run(g->db, g->put, e);
}

enum err_code edges_move(struct edges *g, struct err *e)
{
	e->code = ERR_OK;
	if (!g->moving && g->kinship->recent.count < KINSHIP_RECENT_MAX)
		return ERR_OK;
	if (!g->moving && start_move(g, e) != ERR_OK)
		return e->code;
	g->end = g->at + EDGES_SLICE < g->count ? g->at + EDGES_SLICE : g->count;
	for (size_t i = g->at; i < g->end; i++)
		if (put(g, &g->moving[i], e) != ERR_OK)
			return e->code;
	if (g->end < g->count)
		return ERR_OK;
	sqlite3_bind_int64(g->drop, 1, g->upto);
	return db_run(g->db, g->drop, e);
}

void edges_commit(struct edges *g)
{
	if (g->pending.count)
		kinship_append(g->kinship, &g->pending);
	kin_clear(&g->pending);
	g->last = g->last_id;
	if (!g->moving || g->end <= g->at)
		return;
	g->at = g->end;
	if (g->at < g->count)
		return;
	free(g->moving);
	g->moving = NULL;
}

void edges_rollback(struct edges *g)
{
	kin_clear(&g->pending);
	g->last_id = g->last;
	g->end = g->at;
}

enum err_code edges_disable(struct edges *g, uint64_t a, uint64_t b, bool disabled,
			    bool *found, struct err *e)
{
	sqlite3_bind_int64(g->disable, 1, (int64_t)a);
	sqlite3_bind_int64(g->disable, 2, (int64_t)b);
	db_bind_unless(g->disable, 3, disabled, 0);
	if (db_run(g->db, g->disable, e) != ERR_OK)
		return e->code;
	*found = sqlite3_changes(g->db->handle) > 0;
	return ERR_OK;
}
