/* SPDX-License-Identifier: MIT */
#include "core/kin.h"

#include <stdlib.h>

static void *grown(void *p, size_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 64;
	p = realloc(p, *cap * size);
	if (!p)
		abort();
	return p;
}

void kin_clear(struct kin *k)
{
	if (k->count)
		memset(k->slots, 0, k->slot_count * sizeof(*k->slots));
	k->ids_count = k->count = 0;
}

void kin_fini(struct kin *k)
{
	free(k->ids);
	free(k->edges);
	free(k->slots);
	*k = (struct kin){0};
}

static uint64_t node_at(const struct kin *k, uint32_t entry)
{
	return k->ids[k->edges[(entry - 1) / 2].end[(entry - 1) % 2]].node;
}

/* The node's slot, or the free one where it belongs. */
static uint32_t *slot_of(const struct kin *k, uint64_t node)
{
	size_t mask = k->slot_count - 1, at = (size_t)(node >> 3) & mask;

	while (k->slots[at] && node_at(k, k->slots[at]) != node)
		at = (at + 1) & mask;
	return &k->slots[at];
}

static void enter(struct kin *k, uint32_t edge)
{
	for (uint32_t side = 0; side < 2; side++) {
		uint32_t *slot = slot_of(k, k->ids[k->edges[edge].end[side]].node);

		k->edges[edge].next[side] = *slot;
		*slot = edge * 2 + side + 1;
	}
}

static void grow_slots(struct kin *k)
{
	free(k->slots);
	k->slot_count = k->slot_count ? k->slot_count * 2 : 256;
	k->slots = calloc(k->slot_count, sizeof(*k->slots));
	if (!k->slots)
		abort();
	for (uint32_t i = 0; i < k->count; i++)
		enter(k, i);
}

static uint32_t add_id(struct kin *k, const struct identifier *id)
{
	if (k->ids_count == k->ids_cap)
		k->ids = grown(k->ids, &k->ids_cap, sizeof(*k->ids));
	k->ids[k->ids_count] = *id;
	return (uint32_t)k->ids_count++;
}

static void add_edge(struct kin *k, const struct kin_edge *edge)
{
	if (k->count == k->cap)
		k->edges = grown(k->edges, &k->cap, sizeof(*k->edges));
	/* Two ends an edge, at most half of the slots taken. */
	if ((k->count + 1) * 4 > k->slot_count)
		grow_slots(k);
	k->edges[k->count] = *edge;
	enter(k, (uint32_t)k->count++);
}

void kin_add(struct kin *k, const struct identifiers *ids, const bool *known,
	     int64_t at_s, int64_t row_id, enum identity_source source)
{
	uint32_t center = UINT32_MAX;

	for (size_t i = 1; i < ids->count; i++) {
		struct kin_edge edge = {.at_s = at_s, .row_id = row_id, .source = source};

		if (known && known[i])
			continue;
		if (center == UINT32_MAX)
			center = add_id(k, &ids->id[0]);
		edge.end[0] = center;
		edge.end[1] = add_id(k, &ids->id[i]);
		add_edge(k, &edge);
	}
}

uint32_t kin_first(const struct kin *k, uint64_t node)
{
	return k->count ? *slot_of(k, node) : 0;
}
