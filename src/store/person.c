/* SPDX-License-Identifier: MIT */
#include "store/person.h"

#include <stddef.h>
#include <stdlib.h>

enum { NODES_MAX = IDENTITY_NODES_MAX + IDENTIFIERS_MAX, SLOTS = 1 << 15 };

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
};

#define PAGE_COLUMNS                                                                     \
	"SELECT p.seen_at, v.id, v.page_url, v.referrer, v.ttclid, v.ttp, v.ip, "        \
	"v.user_agent FROM page_view p CROSS JOIN visit v ON v.id = p.visit_id "         \
	"WHERE p.node = ?1 AND p.seen_at BETWEEN ?2 AND ?3 AND (?4 = 0 OR p.click) "

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct person_reader, member)
	{S(known),
	 "SELECT EXISTS (SELECT 1 FROM identity_edge), EXISTS (SELECT 1 FROM page_view), "
	 "EXISTS (SELECT 1 FROM statement), "
	 "coalesce((SELECT max(id) FROM visit), 0) > "
	 "coalesce((SELECT value FROM setting WHERE name = 'visit_cursor'), 0) "
	 "OR coalesce((SELECT max(id) FROM consent), 0) > "
	 "coalesce((SELECT value FROM setting WHERE name = 'consent_cursor'), 0)"},
	{S(edges), "SELECT b, seen_at, source, row_id FROM identity_edge "
		   "WHERE a = ?1 AND seen_at <= ?2 AND disabled IS NULL LIMIT ?3"},
	{S(newest), PAGE_COLUMNS "ORDER BY p.seen_at DESC, p.visit_id DESC LIMIT ?5"},
	{S(oldest), PAGE_COLUMNS "ORDER BY p.seen_at, p.visit_id LIMIT ?5"},
	{S(statement),
	 "SELECT stated_at, consent_id, signals FROM statement WHERE node = ?1 "
	 "AND stated_at <= ?2 ORDER BY stated_at DESC, consent_id DESC LIMIT 1"},
	{S(visit), "SELECT external_id, email, phone FROM visit WHERE id = ?1"},
	{S(consent), "SELECT external_id, email, phone FROM consent WHERE id = ?1"},
	{S(payload), "SELECT payload FROM outbox WHERE id = ?1"},
#undef S
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **statement(struct person_reader *p, size_t i)
{
	return (sqlite3_stmt **)((char *)p + statements[i].at);
}

enum err_code person_open(struct person_reader *p, struct db *db, struct err *e)
{
	*p = (struct person_reader){.db = db};
	scratch_init(&p->scratch);
	e->code = ERR_OK;
	for (size_t i = 0; i < STATEMENTS; i++) {
		if (db_prepare(db, statements[i].sql, statement(p, i), e) != ERR_OK) {
			person_close(p);
			break;
		}
	}
	return e->code;
}

void person_close(struct person_reader *p)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(*statement(p, i));
	free(p->reach);
	scratch_fini(&p->scratch);
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
		p->has_stored = sqlite3_column_int(p->known, 0);
		p->has_pages = sqlite3_column_int(p->known, 1);
		p->has_statements = sqlite3_column_int(p->known, 2);
		*behind = sqlite3_column_int(p->known, 3);
	}
	sqlite3_reset(p->known);
	if (e->code == ERR_OK && !p->kinship && open_own(p, e) != ERR_OK)
		return e->code;
	if (e->code == ERR_OK)
		p->has_edges = p->has_stored || kinship_any(p->kinship);
	return e->code;
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
	r->node_count = r->edge_count = 0;
	return r;
}

/* An edge from node number `from`, unless it was come upon from its other side. */
static void add_edge(struct reach *r, size_t from, uint64_t to,
		     const struct identity_edge *found)
{
	size_t other;

	if (r->edge_count == IDENTITY_EDGES_MAX)
		return;
	other = number_of(r, to);
	if (other < from)
		return;
	r->edges[r->edge_count] = *found;
	r->edges[r->edge_count].a = identity_node_of(r->nodes[from]);
	r->edges[r->edge_count++].b = identity_node_of(to);
}

static void add_kin(struct reach *r, const struct kin_edge *k, size_t from,
		    int64_t upto_s)
{
	struct identity_edge edge = {
		.at_s = k->at_s, .row_id = k->row_id, .source = k->source};

	if (k->at_s <= upto_s)
		add_edge(r, from, k->end[k->end[0] == r->nodes[from]], &edge);
}

static void add_recent(struct person_reader *p, const struct kin *kin, size_t from,
		       int64_t upto_s)
{
	struct reach *r = p->reach;
	uint32_t at = kin ? kin_first(kin, r->nodes[from]) : 0;
	size_t n = kinship_of(p->kinship, r->nodes[from], r->recent,
			      IDENTITY_EDGES_MAX - r->edge_count);

	for (; at && r->edge_count < IDENTITY_EDGES_MAX; at = kin_next(kin, at))
		add_kin(r, kin_at(kin, at), from, upto_s);
	for (size_t i = 0; i < n; i++)
		add_kin(r, &r->recent[i], from, upto_s);
}

static enum err_code add_stored(struct person_reader *p, size_t from, int64_t upto_s,
				struct err *e)
{
	struct reach *r = p->reach;
	sqlite3_stmt *s = p->edges;
	bool row;

	if (!p->has_stored || !kinship_stored(p->kinship, r->nodes[from]))
		return ERR_OK;
	sqlite3_bind_int64(s, 1, (int64_t)r->nodes[from]);
	sqlite3_bind_int64(s, 2, upto_s);
	sqlite3_bind_int64(s, 3, (int64_t)(IDENTITY_EDGES_MAX - r->edge_count));
	while (db_step(p->db, s, &row, e) == ERR_OK && row) {
		struct identity_edge edge = {
			.at_s = sqlite3_column_int64(s, 1),
			.source = (enum identity_source)sqlite3_column_int(s, 2),
			.row_id = sqlite3_column_int64(s, 3)};

		add_edge(r, from, (uint64_t)sqlite3_column_int64(s, 0), &edge);
	}
	sqlite3_reset(s);
	return e->code;
}

static void add_own(struct reach *r, const struct person_row *row)
{
	struct identity_edge edge = {
		.at_s = row->at_s, .row_id = row->row_id, .source = IDENTITY_CONVERSION};

	for (size_t i = 0; i < row->ids->count; i++)
		number_of(r, row->ids->id[i].node);
	for (size_t i = 1; i < row->ids->count; i++)
		add_edge(r, 0, row->ids->id[i].node, &edge);
}

/* Which of the row's own edges tell nothing new. */
static void find_known(const struct reach *r, const struct person_row *row,
		       struct person_edges *out)
{
	uint64_t first = row->ids->count ? row->ids->id[0].node : 0;

	memset(out->known, 0, sizeof(out->known));
	for (size_t i = out->own; i < r->edge_count; i++) {
		if (r->edges[i].a.hash != first)
			break; /* its edges come before those of the others */
		for (size_t k = 1; k < row->ids->count; k++)
			if (r->edges[i].b.hash == row->ids->id[k].node &&
			    r->edges[i].at_s <= row->at_s)
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
	for (size_t i = 0; i < r->node_count; i++) {
		if (r->edge_count == IDENTITY_EDGES_MAX)
			break;
		add_recent(p, kin, i, upto_s);
		if (add_stored(p, i, upto_s, e) != ERR_OK)
			return e->code;
	}
	find_known(r, row, out);
	out->list = r->edges;
	out->count = r->edge_count;
	return ERR_OK;
}

/* Columns 0 to 2: external_id, email, phone. */
static void read_columns(sqlite3_stmt *s, const struct identifier_reader *r,
			 struct identifiers *ids)
{
	ids->count = 0;
	identifiers_add(ids, IDENTITY_EXTERNAL_ID, db_column(s, 0), r);
	identifiers_add(ids, IDENTITY_EMAIL, db_column(s, 1), r);
	identifiers_add(ids, IDENTITY_PHONE, db_column(s, 2), r);
}

static void read_payload(struct person_reader *p, struct str payload,
			 const struct identifier_reader *r, struct identifiers *ids)
{
	struct outbox_row row = {.event = STR("x"), .payload = payload};
	struct conversion c;

	ids->count = 0;
	if (conversion_read(&c, &row, &p->scratch) == REASON_NONE)
		identifiers_of_conversion(&c, r, ids);
}

enum err_code person_value(struct person_reader *p, const struct identity_edge *edge,
			   uint64_t node, struct digest *digest, const char *country,
			   unsigned char out[DIGEST_LEN], bool *found, struct err *e)
{
	struct identifier_reader reader = {digest, &p->scratch.text, &p->scratch.more,
					   country};
	sqlite3_stmt *s = edge->source == IDENTITY_VISIT     ? p->visit
			  : edge->source == IDENTITY_CONSENT ? p->consent
							     : p->payload;
	struct identifiers ids = {.count = 0};
	bool row;

	*found = false;
	e->code = ERR_OK;
	sqlite3_bind_int64(s, 1, edge->row_id);
	if (db_step(p->db, s, &row, e) == ERR_OK && row) {
		if (s == p->payload)
			read_payload(p, db_column(s, 0), &reader, &ids);
		else
			read_columns(s, &reader, &ids);
	}
	sqlite3_reset(s);
	for (size_t i = 0; i < ids.count && !*found; i++) {
		*found = ids.id[i].node == node;
		if (*found)
			memcpy(out, ids.id[i].digest, DIGEST_LEN);
	}
	return e->code;
}

enum err_code person_pages(struct person_reader *p, uint64_t node,
			   const struct page_span *span, person_page_fn *fn, void *arg,
			   struct err *e)
{
	sqlite3_stmt *s = span->oldest_first ? p->oldest : p->newest;
	bool row;

	e->code = ERR_OK;
	sqlite3_bind_int64(s, 1, (int64_t)node);
	sqlite3_bind_int64(s, 2, span->from_s);
	sqlite3_bind_int64(s, 3, span->to_s);
	sqlite3_bind_int(s, 4, span->clicks_only);
	sqlite3_bind_int(s, 5, PERSON_PAGES_MAX);
	while (db_step(p->db, s, &row, e) == ERR_OK && row) {
		struct page page = {sqlite3_column_int64(s, 0),
				    sqlite3_column_int64(s, 1),
				    db_column(s, 2),
				    db_column(s, 3),
				    db_column(s, 4),
				    db_column(s, 5),
				    db_column(s, 6),
				    db_column(s, 7)};

		if (!fn(arg, &page))
			break;
	}
	sqlite3_reset(s);
	return e->code;
}

enum err_code person_statement(struct person_reader *p, uint64_t node, int64_t now_ms,
			       struct statement *out, bool *found, struct err *e)
{
	sqlite3_stmt *s = p->statement;

	e->code = ERR_OK;
	sqlite3_bind_int64(s, 1, (int64_t)node);
	sqlite3_bind_int64(s, 2, now_ms);
	if (db_step(p->db, s, found, e) == ERR_OK && *found)
		*out = (struct statement){sqlite3_column_int64(s, 0),
					  sqlite3_column_int64(s, 1),
					  statement_unpack(sqlite3_column_int(s, 2))};
	sqlite3_reset(s);
	return e->code;
}
