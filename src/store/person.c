/* SPDX-License-Identifier: MIT */
#include "store/person.h"

#include <stddef.h>
#include <stdlib.h>

#include "store/bounded.h"

enum {
	NODES_MAX = IDENTITY_NODES_MAX + IDENTIFIERS_MAX,
	SLOTS = 1 << 15,
	ROW_SLOTS = 4 * PERSON_ROWS_MAX,
};

_Static_assert(SLOTS >= 2 * NODES_MAX, "some are always free");

/* Nodes in the order they were come to. */
struct reach {
	struct identity_edge edges[IDENTITY_EDGES_MAX];
	size_t edge_count;
	uint64_t nodes[NODES_MAX];
	uint32_t slot_of_node[NODES_MAX];
	size_t node_count;
	uint32_t slots[SLOTS]; /* node + 1, or 0 */
	struct kin_edge recent[IDENTITY_EDGES_MAX];
	uint64_t values[PERSON_ROWS_MAX];
	uint64_t rows[ROW_SLOTS]; /* of the index that were come to; 0: free */
	uint32_t slot_of_row[PERSON_ROWS_MAX];
	size_t row_count;
	/* Of a node that a row of the index showed: asked for next, and dear to read again. */
	bool has_digest[NODES_MAX];
	unsigned char digest[NODES_MAX][DIGEST_LEN];
};

/* clang-format off */
#define PAGES(OF)                                                                        \
	"SELECT p.seen_at, visit.id, " OF("visit", "page_url") ", "                      \
	OF("visit", "referrer") ", " OF("visit", "ttclid") ", " OF("visit", "ttp") ", "  \
	OF("visit", "ip") ", " OF("visit", "user_agent")                                 \
	" FROM page_view p CROSS JOIN visit ON visit.id = p.visit_id "                   \
	"WHERE p.node = ?1 AND p.seen_at BETWEEN ?2 AND ?3 AND (?4 = 0 OR p.click) "
/* clang-format on */
#define NEWEST(OF) PAGES(OF) "ORDER BY p.seen_at DESC, p.visit_id DESC LIMIT ?5"
#define OLDEST(OF) PAGES(OF) "ORDER BY p.seen_at, p.visit_id LIMIT ?5"

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct person_reader, member)
	{S(known),
	 "SELECT EXISTS (SELECT 1 FROM page_view), "
	 "EXISTS (SELECT 1 FROM statement), "
	 "coalesce((SELECT max(id) FROM visit), 0) > "
	 "coalesce((SELECT value FROM setting WHERE name = 'visit_cursor'), 0) "
	 "OR coalesce((SELECT max(id) FROM consent), 0) > "
	 "coalesce((SELECT value FROM setting WHERE name = 'consent_cursor'), 0)"},
	{S(newest), NEWEST(UNBOUNDED)},
	{S(oldest), OLDEST(UNBOUNDED)},
	{S(statement),
	 "SELECT stated_at, consent_id, signals FROM statement WHERE node = ?1 "
	 "AND stated_at <= ?2 ORDER BY stated_at DESC, consent_id DESC LIMIT 256"},
#undef S
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **statement(struct person_reader *p, size_t i)
{
	return (sqlite3_stmt **)((char *)p + statements[i].at);
}

enum err_code person_open(struct person_reader *p, struct db *db, struct kinship *kinship,
			  struct err *e)
{
	*p = (struct person_reader){.db = db, .kinship = kinship};
	if (sighting_open(&p->sightings, db, e) == ERR_OK)
		e->code = runs_open(&p->runs, db, RUNS_IDENTIFIER,
				    kinship ? &kinship->filters : NULL, e);
	for (size_t i = 0; i < STATEMENTS && e->code == ERR_OK; i++)
		e->code = db_prepare(db, statements[i].sql, statement(p, i), e);
	if (e->code != ERR_OK)
		person_close(p);
	return e->code;
}

void person_close(struct person_reader *p)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(*statement(p, i));
	free(p->reach);
	runs_close(&p->runs);
	sighting_close(&p->sightings);
	if (p->own_kinship) {
		kinship_close(p->own_kinship);
		free(p->own_kinship);
	}
	*p = (struct person_reader){0};
}

/* Of somebody who only looks. */
static enum err_code open_own(struct person_reader *p, struct err *e)
{
	struct kinship *own = malloc(sizeof(*own));

	if (!own)
		abort();
	if (kinship_open(own, p->db, e) != ERR_OK) {
		free(own);
		return e->code;
	}
	p->kinship = p->own_kinship = own;
	return ERR_OK;
}

enum err_code person_refresh(struct person_reader *p, bool *behind, struct err *e)
{
	bool row;

	e->code = ERR_OK;
	if (db_step(p->db, p->known, &row, e) == ERR_OK) {
		p->has_pages = sqlite3_column_int(p->known, 0);
		p->has_statements = sqlite3_column_int(p->known, 1);
		*behind = sqlite3_column_int(p->known, 2);
	}
	sqlite3_reset(p->known);
	if (e->code != ERR_OK || runs_refresh(&p->runs, e) != ERR_OK ||
	    sighting_refresh(&p->sightings, e) != ERR_OK ||
	    (!p->kinship && open_own(p, e) != ERR_OK))
		return e->code;
	p->has_edges = p->runs.count > 0 || kinship_any(p->kinship);
	return ERR_OK;
}

static uint32_t slot_of(const struct reach *r, uint64_t node)
{
	uint32_t at = (uint32_t)node_slot(node, SLOTS);

	while (r->slots[at] && r->nodes[r->slots[at] - 1] != node)
		at = (at + 1) & (SLOTS - 1);
	return at;
}

/* The node's number in the order; a new one goes to its end. */
static size_t number_of(struct reach *r, uint64_t node)
{
	uint32_t slot = slot_of(r, node);

	if (!r->slots[slot]) {
		r->nodes[r->node_count] = node;
		r->slot_of_node[r->node_count] = slot;
		r->has_digest[r->node_count] = false;
		r->slots[slot] = (uint32_t)++r->node_count;
	}
	return r->slots[slot] - 1;
}

static struct reach *emptied(struct person_reader *p)
{
	struct reach *r = p->reach;

	if (!r) {
		r = p->reach = calloc(1, sizeof(*r));
		if (!r)
			abort();
	}
	for (size_t i = 0; i < r->node_count; i++)
		r->slots[r->slot_of_node[i]] = 0;
	for (size_t i = 0; i < r->row_count; i++)
		r->rows[r->slot_of_row[i]] = 0;
	r->node_count = r->edge_count = r->row_count = 0;
	return r;
}

static void add_edge(struct reach *r, uint64_t a, uint64_t b,
		     const struct identity_edge *found)
{
	struct identity_edge *edge = &r->edges[r->edge_count];

	if (r->edge_count == IDENTITY_EDGES_MAX)
		return;
	number_of(r, a);
	number_of(r, b);
	*edge = *found;
	edge->a = identity_node_of(a);
	edge->b = identity_node_of(b);
	r->edge_count++;
}

/* Unless it was come upon from its other side. */
static enum err_code add_kin(struct person_reader *p, const struct kin_edge *k,
			     size_t from, int64_t upto_s, struct err *e)
{
	struct reach *r = p->reach;
	struct identity_edge edge = {
		.at_s = k->at_s, .row_id = k->row_id, .source = k->source};
	uint64_t other = k->end[k->end[0] == r->nodes[from]];
	bool disabled;

	e->code = ERR_OK;
	if (k->at_s > upto_s)
		return ERR_OK;
	if (sighting_disabled(&p->sightings, k->source, k->row_id, &disabled, e) ==
		    ERR_OK &&
	    !disabled && number_of(r, other) >= from)
		add_edge(r, r->nodes[from], other, &edge);
	return e->code;
}

static enum err_code add_recent(struct person_reader *p, const struct kin *kin,
				size_t from, int64_t upto_s, struct err *e)
{
	struct reach *r = p->reach;
	uint32_t at = kin ? kin_first(kin, r->nodes[from]) : 0;
	size_t n = kinship_of(p->kinship, r->nodes[from], r->recent,
			      IDENTITY_EDGES_MAX - r->edge_count);

	e->code = ERR_OK;
	for (; at && r->edge_count < IDENTITY_EDGES_MAX && e->code == ERR_OK;
	     at = kin_next(kin, at))
		e->code = add_kin(p, kin_at(kin, at), from, upto_s, e);
	for (size_t i = 0; i < n && e->code == ERR_OK; i++)
		e->code = add_kin(p, &r->recent[i], from, upto_s, e);
	return e->code;
}

/* False where the row was come to before. */
static bool is_new_row(struct reach *r, uint64_t value)
{
	uint32_t at = (uint32_t)node_slot(value, ROW_SLOTS);

	while (r->rows[at] && r->rows[at] != value)
		at = (at + 1) & (ROW_SLOTS - 1);
	if (r->rows[at])
		return false;
	r->rows[at] = value;
	r->slot_of_row[r->row_count++] = at;
	return true;
}

static void keep_digest(struct reach *r, const struct identifier *id)
{
	size_t number = number_of(r, id->node);

	if (!r->has_digest[number])
		memcpy(r->digest[number], id->digest, DIGEST_LEN);
	r->has_digest[number] = true;
}

/* A row's identifiers are joined to its strongest. */
static enum err_code add_row(struct person_reader *p, uint64_t value, int64_t upto_s,
			     struct err *e)
{
	struct sighting seen;
	bool disabled;

	if (!is_new_row(p->reach, value))
		return ERR_OK;
	if (sighting_read(&p->sightings, (enum identity_source)(value & 3),
			  (int64_t)(value >> 2), &seen, e) != ERR_OK ||
	    sighting_disabled(&p->sightings, seen.source, seen.row_id, &disabled, e) !=
		    ERR_OK)
		return e->code;
	for (size_t i = 1; i < seen.ids.count && !disabled && seen.at_s <= upto_s; i++) {
		struct identity_edge edge = {
			.at_s = seen.at_s, .row_id = seen.row_id, .source = seen.source};

		if (p->reach->edge_count == IDENTITY_EDGES_MAX)
			break;
		add_edge(p->reach, seen.ids.id[0].node, seen.ids.id[i].node, &edge);
		keep_digest(p->reach, &seen.ids.id[0]);
		keep_digest(p->reach, &seen.ids.id[i]);
	}
	return ERR_OK;
}

static enum err_code add_indexed(struct person_reader *p, size_t from, int64_t upto_s,
				 struct err *e)
{
	struct reach *r = p->reach;
	size_t count;

	e->code = ERR_OK;
	if (r->row_count >= PERSON_ROWS_MAX)
		return ERR_OK;
	if (runs_find(&p->runs, r->nodes[from], r->values, PERSON_ROWS_MAX - r->row_count,
		      &count, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < count && r->edge_count < IDENTITY_EDGES_MAX; i++)
		if (add_row(p, r->values[i], upto_s, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static void add_own(struct reach *r, const struct person_row *row)
{
	struct identity_edge edge = {
		.at_s = row->at_s, .row_id = row->row_id, .source = IDENTITY_CONVERSION};

	for (size_t i = 0; i < row->ids->count; i++)
		number_of(r, row->ids->id[i].node);
	for (size_t i = 1; i < row->ids->count; i++)
		add_edge(r, row->ids->id[0].node, row->ids->id[i].node, &edge);
}

static bool joins(const struct identity_edge *edge, uint64_t x, uint64_t y)
{
	return (edge->a.hash == x && edge->b.hash == y) ||
	       (edge->a.hash == y && edge->b.hash == x);
}

/* Which of the row's own edges tell nothing new. */
static void find_known(const struct reach *r, const struct person_row *row,
		       struct person_edges *out)
{
	memset(out->known, 0, sizeof(out->known));
	for (size_t i = out->own; i < r->edge_count; i++) {
		if (r->edges[i].at_s > row->at_s)
			continue;
		for (size_t k = 1; k < row->ids->count; k++)
			if (joins(&r->edges[i], row->ids->id[0].node,
				  row->ids->id[k].node))
				out->known[k] = true;
	}
}

enum err_code person_reach(struct person_reader *p, const struct kin *kin,
			   const struct person_row *row, int64_t upto_s,
			   struct person_edges *out, struct err *e)
{
	struct reach *r = emptied(p);

	e->code = ERR_OK;
	add_own(r, row);
	out->own = r->edge_count;
	for (size_t i = 0; i < r->node_count && r->edge_count < IDENTITY_EDGES_MAX; i++)
		if (add_recent(p, kin, i, upto_s, e) != ERR_OK ||
		    add_indexed(p, i, upto_s, e) != ERR_OK)
			return e->code;
	find_known(r, row, out);
	out->list = r->edges;
	out->count = r->edge_count;
	out->nodes = r->nodes;
	out->node_count = r->node_count;
	return ERR_OK;
}

enum err_code person_value(struct person_reader *p, const struct identity_edge *edge,
			   uint64_t node, unsigned char out[DIGEST_LEN], bool *found,
			   struct err *e)
{
	const struct reach *r = p->reach;
	uint32_t number = r ? r->slots[slot_of(r, node)] : 0;
	struct sighting seen;

	e->code = ERR_OK;
	*found = number && r->has_digest[number - 1];
	if (*found) {
		memcpy(out, r->digest[number - 1], DIGEST_LEN);
		return ERR_OK;
	}
	if (sighting_read(&p->sightings, edge->source, edge->row_id, &seen, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < seen.ids.count && !*found; i++) {
		*found = seen.ids.id[i].node == node;
		if (*found)
			memcpy(out, seen.ids.id[i].digest, DIGEST_LEN);
	}
	return ERR_OK;
}

enum err_code person_pages(struct person_reader *p, uint64_t node,
			   const struct page_span *span, person_page_fn *fn, void *arg,
			   struct err *e)
{
	struct bounded b = {
		.db = p->db,
		.stmt = span->oldest_first ? p->oldest : p->newest,
		.careful = span->oldest_first ? OLDEST(BOUNDED) : NEWEST(BOUNDED),
	};
	bool row;

	e->code = ERR_OK;
	bounded_bind(&b, (int64_t)node);
	bounded_bind(&b, span->from_ms);
	bounded_bind(&b, span->to_ms);
	bounded_bind(&b, span->clicks_only);
	bounded_bind(&b, PERSON_PAGES_MAX);
	while (bounded_step(&b, &row, e) == ERR_OK && row) {
		struct page page = {sqlite3_column_int64(b.stmt, 0),
				    sqlite3_column_int64(b.stmt, 1),
				    db_column(b.stmt, 2),
				    db_column(b.stmt, 3),
				    db_column(b.stmt, 4),
				    db_column(b.stmt, 5),
				    db_column(b.stmt, 6),
				    db_column(b.stmt, 7)};

		if (!fn(arg, &page))
			break;
	}
	bounded_end(&b);
	return e->code;
}
