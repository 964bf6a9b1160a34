/* SPDX-License-Identifier: MIT */
#include "store/edges.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/setting.h"

enum {
	ROWS_OF_A_NODE = 64, /* looked at to find a pair in */
	BULK = 200,          /* edges or rows at once: more are coming, */
	BULK_MS = 1000,      /* unless none were for so long */
	REST_EDGES = 2000,   /* what one who only looks has to read again each time, */
	REST_ROWS = 5000,    /* some 10 ms, whether they join anybody or not */
};

/* Of visits and consent rows. */
static int64_t others_between(const struct kinship_cursors *from,
			      const struct kinship_cursors *upto)
{
	return upto->row[IDENTITY_VISIT] - from->row[IDENTITY_VISIT] +
	       upto->row[IDENTITY_CONSENT] - from->row[IDENTITY_CONSENT];
}

enum err_code edges_open(struct edges *g, struct db *db, struct kinship *kinship,
			 struct err *e)
{
	struct kinship_cursors upto;

	*g = (struct edges){.db = db, .kinship = kinship};
	if (sighting_open(&g->reader, db, e) != ERR_OK ||
	    compaction_open(&g->compaction, db, RUNS_IDENTIFIER, &kinship->filters, e) !=
		    ERR_OK ||
	    setting_int(db, "identity_erased", 0, &g->erased, e) != ERR_OK ||
	    kinship_indexed(db, &g->indexed, e) != ERR_OK ||
	    kinship_read_upto(db, &upto, e) != ERR_OK) {
		edges_close(g);
		return e->code;
	}
	g->cursor = g->pending_cursor = upto.row[IDENTITY_CONVERSION];
	g->others = others_between(&g->indexed, &upto);
	return ERR_OK;
}

void edges_close(struct edges *g)
{
	sighting_close(&g->reader);
	compaction_close(&g->compaction);
	kin_fini(&g->pending);
	*g = (struct edges){0};
}

void edges_append(struct edges *g, const struct kin *edges, int64_t cursor,
		  int64_t others)
{
	int64_t rows = others + (cursor ? cursor - g->pending_cursor : 0);

	if (cursor)
		g->pending_cursor = cursor;
	g->pending_others += others;
	if (edges->count >= BULK || rows >= BULK)
		g->bulk_ms = clock_mono_ms();
	for (size_t i = 0; i < edges->count; i++)
		kin_put(&g->pending, &edges->edges[i]);
}

static bool shows(const struct sighting *seen, uint64_t node)
{
	for (size_t i = 0; i < seen->ids.count; i++)
		if (seen->ids.id[i].node == node)
			return true;
	return false;
}

/* In the rows of the second, which is the weaker and has fewer. */
static enum err_code indexed_pair(struct edges *g, uint64_t a, uint64_t b, int64_t at_s,
				  bool *known, struct err *e)
{
	uint64_t values[ROWS_OF_A_NODE];
	struct sighting seen;
	size_t count;

	if (compaction_find(&g->compaction, b, values, ROWS_OF_A_NODE, &count, e) !=
	    ERR_OK)
		return e->code;
	for (size_t i = 0; i < count && !*known; i++) {
		if (sighting_read(&g->reader, (enum identity_source)(values[i] & 3),
				  (int64_t)(values[i] >> 2), &seen, e) != ERR_OK)
			return e->code;
		*known = seen.at_s <= at_s && shows(&seen, a) && shows(&seen, b);
	}
	return ERR_OK;
}

enum err_code edges_known(struct edges *g, uint64_t a, uint64_t b, int64_t at_s,
			  bool *known, struct err *e)
{
	e->code = ERR_OK;
	*known = kinship_pair(g->kinship, a, b, at_s);
	if (*known || !runs_may_hold(&g->compaction.runs, b))
		return ERR_OK;
	if (sighting_refresh(&g->reader, e) != ERR_OK)
		return e->code;
	return indexed_pair(g, a, b, at_s, known, e);
}

/* Whoever opens the file reads them again. */
static int64_t rows_to_index(const struct edges *g)
{
	return g->cursor - g->indexed.row[IDENTITY_CONVERSION] + g->others;
}

static bool is_much(const struct edges *g)
{
	return g->kinship->recent.count >= KINSHIP_EDGES_MAX ||
	       rows_to_index(g) >= KINSHIP_ROWS_MAX;
}

bool edges_want_index(const struct edges *g)
{
	return g->kinship->recent.count >= REST_EDGES || rows_to_index(g) >= REST_ROWS;
}

static bool index_is_due(const struct edges *g)
{
	return is_much(g) ||
	       (edges_want_index(g) && clock_mono_ms() - g->bulk_ms >= BULK_MS);
}

bool edges_want_tidy(const struct edges *g)
{
	return index_is_due(g) || compaction_wanted(&g->compaction);
}

/* The index must not get what was erased while it was in memory only. */
static enum err_code forget_erased(struct edges *g, struct err *e)
{
	struct kin left = {0};
	int64_t erased;

	if (setting_int(g->db, "identity_erased", 0, &erased, e) != ERR_OK ||
	    erased == g->erased)
		return e->code;
	if (kinship_rebuild(g->db, &g->indexed, &g->moving, &left, e) == ERR_OK) {
		kinship_replace(g->kinship, &left);
		g->erased = erased;
	}
	kin_fini(&left);
	return e->code;
}

static size_t pairs_of(const struct kin *k, struct pair *out)
{
	size_t count = 0;

	for (size_t i = 0; i < k->count; i++) {
		const struct kin_edge *edge = &k->edges[i];
		uint64_t value = sighting_value(edge->source, edge->row_id);

		out[count++] = (struct pair){edge->end[0], value};
		out[count++] = (struct pair){edge->end[1], value};
	}
	return count;
}

/* A row's edges have one end in common. */
static size_t drop_repeated(struct pair *pairs, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 || pairs[kept - 1].key != pairs[i].key ||
		    pairs[kept - 1].value != pairs[i].value)
			pairs[kept++] = pairs[i];
	return kept;
}

enum err_code edges_index(struct edges *g, struct err *e)
{
	const struct kin *recent = &g->kinship->recent;
	struct pair *pairs;
	size_t count;

	g->moves = true;
	if (kinship_read_upto(g->db, &g->moving, e) != ERR_OK ||
	    forget_erased(g, e) != ERR_OK)
		return e->code;
	pairs = malloc((4 * recent->count + 1) * sizeof(*pairs));
	if (!pairs)
		abort();
	count = pairs_of(recent, pairs);
	pairs_sort(pairs, pairs + count, count);
	count = drop_repeated(pairs, count);
	if (count == 0 || compaction_add(&g->compaction, pairs, count, e) == ERR_OK)
		e->code = kinship_set_indexed(g->db, &g->moving, e);
	free(pairs);
	return e->code;
}

enum err_code edges_tidy(struct edges *g, struct err *e)
{
	return index_is_due(g) ? edges_index(g, e)
			       : compaction_step(&g->compaction, EDGES_STEP, e);
}

void edges_set_floors(struct edges *g, int64_t outbox_id, int64_t visit_id)
{
	g->compaction.floor[IDENTITY_CONVERSION] = (uint64_t)outbox_id;
	g->compaction.floor[IDENTITY_VISIT] = (uint64_t)visit_id;
}

void edges_commit(struct edges *g)
{
	if (g->pending.count)
		kinship_append(g->kinship, &g->pending);
	kin_clear(&g->pending);
	g->cursor = g->pending_cursor;
	g->others += g->pending_others;
	g->pending_others = 0;
	compaction_committed(&g->compaction);
	if (!g->moves)
		return;
	g->moves = false;
	g->others = 0;
	g->indexed = g->moving;
	kinship_move(g->kinship);
}

void edges_rollback(struct edges *g)
{
	kin_clear(&g->pending);
	g->pending_cursor = g->cursor;
	g->pending_others = 0;
	compaction_rolled_back(&g->compaction);
	g->moves = false;
}

enum err_code edges_erase(struct db *db, const uint64_t *nodes, size_t count,
			  struct err *e)
{
	int64_t erased;

	if (compaction_erase(db, RUNS_IDENTIFIER, nodes, count, e) != ERR_OK ||
	    setting_int(db, "identity_erased", 0, &erased, e) != ERR_OK)
		return e->code;
	return setting_set_int(db, "identity_erased", erased + 1, e);
}
