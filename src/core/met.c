/* SPDX-License-Identifier: MIT */
#include "core/met.h"

#include <stdlib.h>
#include <string.h>

#include "core/identifier.h"

void met_clear(struct met *m)
{
	m->count = 0;
	m->blind = false;
}

void met_fini(struct met *m)
{
	free(m->nodes);
	free(m->slots);
	*m = (struct met){0};
}

void met_add(struct met *m, uint32_t row, uint64_t node)
{
	if (m->count == MET_MAX) {
		m->blind = true;
		return;
	}
	if (m->count == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 256;
		m->nodes = realloc(m->nodes, m->cap * sizeof(*m->nodes));
		if (!m->nodes)
			abort();
	}
	m->nodes[m->count++] = (struct met_node){node, row, 0};
}

static uint32_t *slot_of(const struct met *m, uint64_t node)
{
	size_t at = node_slot(node, m->slot_count);

	while (m->slots[at] && m->nodes[m->slots[at] - 1].node != node)
		at = (at + 1) & (m->slot_count - 1);
	return &m->slots[at];
}

void met_index(struct met *m)
{
	size_t slots = 256;

	while (slots < 2 * m->count)
		slots *= 2;
	if (slots > m->slot_count) {
		free(m->slots);
		m->slots = malloc(slots * sizeof(*m->slots));
		if (!m->slots)
			abort();
		m->slot_count = slots;
	}
	memset(m->slots, 0, m->slot_count * sizeof(*m->slots));
	for (size_t i = 0; i < m->count; i++) {
		uint32_t *slot = slot_of(m, m->nodes[i].node);

		m->nodes[i].next = *slot;
		*slot = (uint32_t)i + 1;
	}
}

/* The node's entry of the row before; 0 where there is none. */
static uint32_t behind(const struct met *m, uint32_t at)
{
	uint32_t row = m->nodes[at - 1].row;

	while (at && m->nodes[at - 1].row == row)
		at = m->nodes[at - 1].next;
	return at;
}

/* The rows of a node hang together from the last to the first. */
bool met_gains(const struct met *m, const uint64_t end[2])
{
	uint32_t a, b;

	if (m->count == 0)
		return false;
	a = *slot_of(m, end[0]);
	b = *slot_of(m, end[1]);
	while (a && b && m->nodes[a - 1].row == m->nodes[b - 1].row) {
		a = behind(m, a);
		b = behind(m, b);
	}
	return a || b;
}

bool met_gains_any(const struct met *m, const struct kin_edge *edges, size_t count,
		   int64_t first_id)
{
	for (size_t i = 0; i < count; i++)
		if (edges[i].source == IDENTITY_CONVERSION &&
		    edges[i].row_id < first_id &&
		    (m->blind || met_gains(m, edges[i].end)))
			return true;
	return false;
}
