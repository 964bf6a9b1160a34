/* SPDX-License-Identifier: MIT
 * kin.h - identifiers seen together, in memory: the edges next to a node, the youngest first.
 *
 * A row's identifiers are joined to its strongest: n of them are n - 1 edges.
 *
 * Owns:    its memory, from the first edge to kin_fini; zeroed is empty.
 * Thread:  one at a time.
 * Errors:  out of memory aborts.
 * See:     store/kinship.h; run/enrich.c, who collects a load's. */
#ifndef CORE_KIN_H
#define CORE_KIN_H

#include "core/identifier.h"

struct kin_edge {
	uint64_t end[2]; /* nodes */
	int64_t at_s, row_id;
	uint32_t next[2]; /* the end's next: edge * 2 + side + 1, or 0 */
	enum identity_source source;
};

struct kin {
	struct kin_edge *edges; /* in the order they came */
	size_t count, cap;
	uint32_t *slots; /* of a node: its first, as `next` */
	size_t slot_count;
	/* A bit of each node: most that are asked for are not there, and an edge's line of the
	 * cache is dear. */
	uint64_t *seen;
};

/* Forgets the edges, keeps the memory. */
void kin_clear(struct kin *k);
void kin_fini(struct kin *k);

void kin_put(struct kin *k, const struct kin_edge *edge);

/* The edges of a row but for those to known[i] (NULL: none is). */
void kin_put_row(struct kin *k, const struct identifiers *ids, const bool *known,
		 int64_t at_s, int64_t row_id, enum identity_source source);

/* Takes out the edges of these rows, which are given in ascending order. */
void kin_drop_rows(struct kin *k, const int64_t *rows, size_t count);

/* Whether the pair is there, seen by at_s. */
bool kin_has(const struct kin *k, uint64_t a, uint64_t b, int64_t at_s);

/* Sixteen bits an edge at least. */
static inline size_t kin_bit(const struct kin *k, uint64_t node)
{
	return (size_t)(node * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
	       (k->slot_count * 4 - 1);
}

/* Walks a node's edges: `at` starts as kin_first and goes on as kin_next; 0 is the end. */
uint32_t kin_first(const struct kin *k, uint64_t node);

static inline const struct kin_edge *kin_at(const struct kin *k, uint32_t at)
{
	return &k->edges[(at - 1) / 2];
}

static inline uint32_t kin_next(const struct kin *k, uint32_t at)
{
	return kin_at(k, at)->next[(at - 1) % 2];
}

/* The node on the far side. */
static inline uint64_t kin_other(const struct kin *k, uint32_t at)
{
	return kin_at(k, at)->end[1 - (at - 1) % 2];
}

#endif
