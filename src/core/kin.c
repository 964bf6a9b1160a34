/* SPDX-License-Identifier: MIT */
#include "core/kin.h"

#include <stdlib.h>

void kin_clear(struct kin *k)
{
	if (k->count) {
		memset(k->slots, 0, k->slot_count * sizeof(*k->slots));
		memset(k->seen, 0, k->slot_count / 2);
	}
	k->count = 0;
}

void kin_fini(struct kin *k)
{
	free(k->edges);
	free(k->slots);
	free(k->seen);
	*k = (struct kin){0};
}

static uint64_t node_at(const struct kin *k, uint32_t entry)
{
	return kin_at(k, entry)->end[(entry - 1) % 2];
}

/* The node's slot, or the free one where it belongs. */
static uint32_t *slot_of(const struct kin *k, uint64_t node)
{
	size_t at = node_slot(node, k->slot_count);

	while (k->slots[at] && node_at(k, k->slots[at]) != node)
		at = (at + 1) & (k->slot_count - 1);
	return &k->slots[at];
}

static void enter(struct kin *k, uint32_t edge)
{
	for (uint32_t side = 0; side < 2; side++) {
		uint64_t node = k->edges[edge].end[side];
		uint32_t *slot = slot_of(k, node);
		size_t bit = kin_bit(k, node);

		k->seen[bit / 64] |= UINT64_C(1) << bit % 64;
		k->edges[edge].next[side] = *slot;
		*slot = edge * 2 + side + 1;
	}
}

static void *checked(void *p)
{
	if (!p)
		abort();
	return p;
}

static void grow_slots(struct kin *k)
{
	free(k->slots);
	free(k->seen);
	k->slot_count = k->slot_count ? k->slot_count * 2 : 256;
	k->slots = checked(calloc(k->slot_count, sizeof(*k->slots)));
	k->seen = checked(calloc(k->slot_count / 16, sizeof(*k->seen)));
	for (uint32_t i = 0; i < k->count; i++)
		enter(k, i);
}

void kin_put(struct kin *k, const struct kin_edge *edge)
{
	if (k->count == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 64;
		k->edges = checked(realloc(k->edges, k->cap * sizeof(*k->edges)));
	}
	/* Two ends an edge, at most half of the slots taken. */
	if ((k->count + 1) * 4 > k->slot_count)
		grow_slots(k);
	k->edges[k->count] = *edge;
	enter(k, (uint32_t)k->count++);
}

void kin_put_row(struct kin *k, const struct identifiers *ids, const bool *known,
		 int64_t at_s, int64_t row_id, enum identity_source source)
{
	for (size_t i = 1; i < ids->count; i++) {
		struct kin_edge edge = {.end = {ids->id[0].node, ids->id[i].node},
					.at_s = at_s,
					.row_id = row_id,
					.source = source};

		if (!known || !known[i])
			kin_put(k, &edge);
	}
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void kin_drop_rows(struct kin *k, const int64_t *rows, size_t count)
{
	size_t before = k->count;

	kin_clear(k);
	for (size_t i = 0; i < before; i++) {
		struct kin_edge edge = k->edges[i];

		if (!bsearch(&edge.row_id, rows, count, sizeof(*rows), by_number))
			kin_put(k, &edge);
	}
}

uint32_t kin_first(const struct kin *k, uint64_t node)
{
	size_t bit;

	if (k->count == 0)
		return 0;
	bit = kin_bit(k, node);
	return k->seen[bit / 64] >> bit % 64 & 1 ? *slot_of(k, node) : 0;
}

bool kin_has(const struct kin *k, uint64_t a, uint64_t b, int64_t at_s)
{
	for (uint32_t at = kin_first(k, a); at; at = kin_next(k, at))
		if (kin_other(k, at) == b && kin_at(k, at)->at_s <= at_s)
			return true;
	return false;
}
