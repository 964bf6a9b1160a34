/* SPDX-License-Identifier: MIT */
#include "core/identity.h"

#include <assert.h>
#include <stdlib.h>

#define NONE UINT32_MAX
#define SLOTS_MAX (4 * IDENTITY_EDGES_MAX)

static const uint32_t limits[IDENTITY_KIND_END] = {
#define X(name, number, word, limit) [IDENTITY_##name] = limit,
	IDENTITY_KINDS(X)
#undef X
};

struct link {
	uint32_t ends[2]; /* numbers of nodes */
	uint32_t next[2]; /* the end's next link that joined: number * 2 + the side */
};

struct identity_view {
	const struct identity_edge *edges;
	struct identity_node nodes[IDENTITY_NODES_MAX];
	uint32_t node_count;
	uint32_t slots[SLOTS_MAX], slot_mask; /* an open hash: node + 1, or 0 */
	uint32_t order[IDENTITY_EDGES_MAX], order_count;
	struct link links[IDENTITY_EDGES_MAX]; /* of an edge, by its index */
	uint32_t first[IDENTITY_NODES_MAX], last[IDENTITY_NODES_MAX];
	uint32_t parent[IDENTITY_NODES_MAX];
	uint16_t count[IDENTITY_NODES_MAX][IDENTITY_KIND_END]; /* of a root */
	struct identity_member members[IDENTITY_NODES_MAX];
	uint32_t member_node[IDENTITY_NODES_MAX];
	bool is_member[IDENTITY_NODES_MAX];
};

struct identity_view *identity_view_new(void)
{
	struct identity_view *v = malloc(sizeof(*v));

	if (!v)
		abort();
	return v;
}

void identity_view_free(struct identity_view *v)
{
	free(v);
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_nodes(const struct identity_node *a, const struct identity_node *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return compare_u64(a->hash, b->hash);
}

static bool is_weak(const struct identity_node *node)
{
	return node->kind > IDENTITY_PHONE;
}

/* Strong before weak, old before new; the rest only makes it one order. */
static int compare_edges(const struct identity_edge *x, const struct identity_edge *y)
{
	bool x_turned = compare_nodes(&x->a, &x->b) > 0;
	bool y_turned = compare_nodes(&y->a, &y->b) > 0;
	int weak = is_weak(&x->a) + is_weak(&x->b) - is_weak(&y->a) - is_weak(&y->b);
	int c;

	if (weak != 0)
		return weak;
	if (x->at_s != y->at_s)
		return x->at_s < y->at_s ? -1 : 1;
	c = compare_nodes(x_turned ? &x->b : &x->a, y_turned ? &y->b : &y->a);
	if (c == 0)
		c = compare_nodes(x_turned ? &x->a : &x->b, y_turned ? &y->a : &y->b);
	if (c == 0)
		c = (int)x->source - (int)y->source;
	return c ? c : compare_u64((uint64_t)x->row_id, (uint64_t)y->row_id);
}

static bool is_before(const struct identity_view *v, uint32_t x, uint32_t y)
{
	return compare_edges(&v->edges[x], &v->edges[y]) < 0;
}

/* Lets order[at] sink in a heap of n, the last in order on top. */
static void sink(struct identity_view *v, uint32_t at, uint32_t n)
{
	uint32_t *o = v->order, moved = o[at], child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && is_before(v, o[child], o[child + 1]))
			child++;
		if (!is_before(v, moved, o[child]))
			break;
		o[at] = o[child];
		at = child;
	}
	o[at] = moved;
}

/* Heapsort: qsort would allocate, and degrade on chosen input. */
static void sort_order(struct identity_view *v)
{
	uint32_t n = v->order_count, top;

	for (uint32_t i = n / 2; i-- > 0;)
		sink(v, i, n);
	for (uint32_t i = n; i-- > 1;) {
		top = v->order[0];
		v->order[0] = v->order[i];
		v->order[i] = top;
		sink(v, 0, i);
	}
}

/* The slot that holds the node, or the free one where it belongs. */
static uint32_t *slot_of(struct identity_view *v, const struct identity_node *node)
{
	uint64_t mixed = (node->hash ^ node->kind) * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t at = (uint32_t)(mixed >> 32) & v->slot_mask;

	while (v->slots[at] && compare_nodes(&v->nodes[v->slots[at] - 1], node) != 0)
		at = (at + 1) & v->slot_mask;
	return &v->slots[at];
}

static uint32_t node_number(struct identity_view *v, const struct identity_node *node)
{
	uint32_t *slot = slot_of(v, node), number = v->node_count;

	if (*slot)
		return *slot - 1;
	*slot = ++v->node_count;
	v->nodes[number] = *node;
	v->parent[number] = number;
	v->first[number] = v->last[number] = NONE;
	memset(v->count[number], 0, sizeof(v->count[number]));
	v->count[number][node->kind] = 1;
	v->is_member[number] = false;
	return number;
}

static bool is_kind(enum identity_kind kind)
{
	return kind > 0 && kind < IDENTITY_KIND_END;
}

static bool counts(const struct identity_edge *edge, int64_t at_s)
{
	return !edge->disabled && edge->at_s <= at_s && is_kind(edge->a.kind) &&
	       is_kind(edge->b.kind) && compare_nodes(&edge->a, &edge->b) != 0;
}

static void load(struct identity_view *v, const struct identity_edge *edges, size_t n,
		 int64_t at_s)
{
	v->edges = edges;
	v->node_count = v->order_count = 0;
	for (v->slot_mask = 15; v->slot_mask + 1 < 4 * n;)
		v->slot_mask = v->slot_mask * 2 + 1;
	memset(v->slots, 0, (v->slot_mask + 1) * sizeof(v->slots[0]));
	for (uint32_t i = 0; i < n; i++) {
		if (!counts(&edges[i], at_s))
			continue;
		v->order[v->order_count++] = i;
		v->links[i].ends[0] = node_number(v, &edges[i].a);
		v->links[i].ends[1] = node_number(v, &edges[i].b);
	}
}

static uint32_t root_of(struct identity_view *v, uint32_t node)
{
	while (v->parent[node] != node) {
		v->parent[node] = v->parent[v->parent[node]];
		node = v->parent[node];
	}
	return node;
}

static bool may_join(const struct identity_view *v, const struct identity_edge *edge,
		     uint32_t x, uint32_t y)
{
	for (int kind = 1; kind < IDENTITY_KIND_END; kind++)
		if (v->count[x][kind] + v->count[y][kind] > limits[kind])
			return false;
	/* Holds whatever the limit: people share browsers. */
	return !(is_weak(&edge->a) || is_weak(&edge->b)) ||
	       v->count[x][IDENTITY_EXTERNAL_ID] == 0 ||
	       v->count[y][IDENTITY_EXTERNAL_ID] == 0;
}

static void append_link(struct identity_view *v, uint32_t link, uint32_t side)
{
	uint32_t node = v->links[link].ends[side], entry = link * 2 + side;

	v->links[link].next[side] = NONE;
	if (v->first[node] == NONE)
		v->first[node] = entry;
	else
		v->links[v->last[node] / 2].next[v->last[node] % 2] = entry;
	v->last[node] = entry;
}

/* Kruskal's forest, but for edges that would break a limit. */
static void join_all(struct identity_view *v)
{
	for (uint32_t i = 0; i < v->order_count; i++) {
		uint32_t edge = v->order[i];
		uint32_t x = root_of(v, v->links[edge].ends[0]);
		uint32_t y = root_of(v, v->links[edge].ends[1]);

		if (x == y || !may_join(v, &v->edges[edge], x, y))
			continue;
		v->parent[y] = x;
		for (int kind = 1; kind < IDENTITY_KIND_END; kind++)
			v->count[x][kind] =
				(uint16_t)(v->count[x][kind] + v->count[y][kind]);
		append_link(v, edge, 0);
		append_link(v, edge, 1);
	}
}

/* Breadth first along the forest: one path to each, the shortest there is in it. */
static size_t walk(struct identity_view *v, uint32_t start)
{
	uint32_t count = 1;

	v->members[0] = (struct identity_member){.node = v->nodes[start]};
	v->member_node[0] = start;
	v->is_member[start] = true;
	for (uint32_t at = 0; at < count; at++) {
		uint32_t entry = v->first[v->member_node[at]];

		for (; entry != NONE; entry = v->links[entry / 2].next[entry % 2]) {
			uint32_t node = v->links[entry / 2].ends[1 - entry % 2];

			if (v->is_member[node])
				continue;
			v->is_member[node] = true;
			v->member_node[count] = node;
			v->members[count++] = (struct identity_member){
				v->nodes[node], entry / 2, at, v->members[at].hops + 1};
		}
	}
	return count;
}

size_t identity_resolve(struct identity_view *v, const struct identity_edge *edges,
			size_t n, struct identity_node start, int64_t at_s,
			const struct identity_member **members)
{
	uint32_t *slot;

	assert(n <= IDENTITY_EDGES_MAX);
	load(v, edges, n, at_s);
	*members = v->members;
	slot = slot_of(v, &start);
	if (!*slot) {
		v->members[0] = (struct identity_member){.node = start};
		return 1;
	}
	sort_order(v);
	join_all(v);
	return walk(v, *slot - 1);
}

const char *identity_kind_word(enum identity_kind kind)
{
	static const char *const words[IDENTITY_KIND_END] = {
#define X(name, number, word, limit) [IDENTITY_##name] = word,
		IDENTITY_KINDS(X)
#undef X
	};

	return is_kind(kind) ? words[kind] : "?";
}
