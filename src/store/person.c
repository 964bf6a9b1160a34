/* SPDX-License-Identifier: MIT */
#include "store/person.h"

#include <stddef.h>
#include <stdlib.h>

enum { NODES_MAX = IDENTITY_NODES_MAX + IDENTIFIERS_MAX, SLOTS = 4 * NODES_MAX };

/* Nodes in the order they were come to. */
struct reach {
	struct identity_edge edges[IDENTITY_EDGES_MAX];
	size_t edge_count;
	uint64_t nodes[NODES_MAX];
	uint32_t slot_of_node[NODES_MAX];
	unsigned char digest[NODES_MAX][DIGEST_LEN];
	bool has_digest[NODES_MAX];
	size_t node_count;
	uint32_t slots[SLOTS]; /* node + 1, or 0 */
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
	{S(edges), "SELECT b, seen_at, source, row_id, digest FROM identity_edge "
		   "WHERE a = ?1 AND seen_at <= ?2 AND disabled IS NULL LIMIT ?3"},
	{S(newest), PAGE_COLUMNS "ORDER BY p.seen_at DESC, p.visit_id DESC LIMIT ?5"},
	{S(oldest), PAGE_COLUMNS "ORDER BY p.seen_at, p.visit_id LIMIT ?5"},
	{S(statement),
	 "SELECT stated_at, consent_id, signals FROM statement WHERE node = ?1 "
	 "AND stated_at <= ?2 ORDER BY stated_at DESC, consent_id DESC LIMIT 1"},
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
	*p = (struct person_reader){0};
}

enum err_code person_refresh(struct person_reader *p, bool *behind, struct err *e)
{
	bool row;

	e->code = ERR_OK;
	if (db_step(p->db, p->known, &row, e) == ERR_OK) {
		p->has_edges = sqlite3_column_int(p->known, 0);
		p->has_pages = sqlite3_column_int(p->known, 1);
		p->has_statements = sqlite3_column_int(p->known, 2);
		*behind = sqlite3_column_int(p->known, 3);
	}
	sqlite3_reset(p->known);
	return e->code;
}

static uint32_t slot_of(const struct reach *r, uint64_t node)
{
	uint32_t at = (uint32_t)(node >> 3) & (SLOTS - 1);

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
	r->node_count = r->edge_count = 0;
	return r;
}

/* An edge from node number `from`, unless it was come upon from its other side. */
static void add_edge(struct reach *r, size_t from, uint64_t to,
		     const unsigned char *digest, const struct identity_edge *found)
{
	size_t other;

	if (r->edge_count == IDENTITY_EDGES_MAX)
		return;
	other = number_of(r, to);
	if (digest && !r->has_digest[other]) {
		memcpy(r->digest[other], digest, DIGEST_LEN);
		r->has_digest[other] = true;
	}
	if (other < from)
		return;
	r->edges[r->edge_count] = *found;
	r->edges[r->edge_count].a = identity_node_of(r->nodes[from]);
	r->edges[r->edge_count++].b = identity_node_of(to);
}

static void add_kin(struct reach *r, const struct kin *kin, size_t from, int64_t upto_s)
{
	uint32_t at = kin ? kin_first(kin, r->nodes[from]) : 0;

	for (; at && r->edge_count < IDENTITY_EDGES_MAX; at = kin_next(kin, at)) {
		const struct kin_edge *k = kin_edge_at(kin, at);
		const struct identifier *to = kin_other(kin, at);
		struct identity_edge edge = {
			.at_s = k->at_s, .row_id = k->row_id, .source = k->source};

		if (k->at_s <= upto_s)
			add_edge(r, from, to->node,
				 identifier_kind(to->node) <= IDENTITY_PHONE ? to->digest
									     : NULL,
				 &edge);
	}
}

static enum err_code add_stored(struct person_reader *p, size_t from, int64_t upto_s,
				struct err *e)
{
	struct reach *r = p->reach;
	sqlite3_stmt *s = p->edges;
	bool row;

	sqlite3_bind_int64(s, 1, (int64_t)r->nodes[from]);
	sqlite3_bind_int64(s, 2, upto_s);
	sqlite3_bind_int64(s, 3, (int64_t)(IDENTITY_EDGES_MAX - r->edge_count));
	while (db_step(p->db, s, &row, e) == ERR_OK && row) {
		struct identity_edge edge = {
			.at_s = sqlite3_column_int64(s, 1),
			.source = (enum identity_source)sqlite3_column_int(s, 2),
			.row_id = sqlite3_column_int64(s, 3)};
		struct str digest = db_column(s, 4);

		add_edge(r, from, (uint64_t)sqlite3_column_int64(s, 0),
			 digest.len == DIGEST_LEN ? (const unsigned char *)digest.p
						  : NULL,
			 &edge);
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
		add_edge(r, 0, row->ids->id[i].node, NULL, &edge);
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
		add_kin(r, kin, i, upto_s);
		if (p->has_edges && add_stored(p, i, upto_s, e) != ERR_OK)
			return e->code;
	}
	find_known(r, row, out);
	out->list = r->edges;
	out->count = r->edge_count;
	return ERR_OK;
}

const unsigned char *person_digest(const struct person_reader *p, uint64_t node)
{
	uint32_t at = p->reach->slots[slot_of(p->reach, node)];

	return at && p->reach->has_digest[at - 1] ? p->reach->digest[at - 1] : NULL;
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
