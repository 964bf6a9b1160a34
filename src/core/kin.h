/* SPDX-License-Identifier: MIT
 * kin.h - identifiers seen together in rows that are being read, before they are in the file.
 *
 * A row's identifiers are joined to its strongest: n of them are n - 1 edges.
 *
 * Owns:    its memory, from the first kin_add to kin_fini; zeroed is empty.
 * Thread:  one at a time.
 * Errors:  out of memory aborts.
 * See:     run/enrich.c, who fills it; store/ingest.h, which makes it last. */
#ifndef CORE_KIN_H
#define CORE_KIN_H

#include "core/identifier.h"

struct kin_edge {
	uint32_t end[2];  /* in ids; 0 is the stronger */
	uint32_t next[2]; /* the end's next: edge * 2 + side + 1, or 0 */
	int64_t at_s, row_id;
	enum identity_source source;
};

struct kin {
	struct identifier *ids;
	struct kin_edge *edges;
	size_t ids_count, ids_cap, count, cap;
	uint32_t *slots; /* of a node: its first, as `next` */
	size_t slot_count;
};

void kin_clear(struct kin *k);
void kin_fini(struct kin *k);

/* The edges of one row but for those to nodes in `known`. */
void kin_add(struct kin *k, const struct identifiers *ids, const bool *known,
	     int64_t at_s, int64_t row_id, enum identity_source source);

/* Walks a node's edges: `at` starts as kin_first and goes on as kin_next; 0 is the end. */
uint32_t kin_first(const struct kin *k, uint64_t node);

static inline uint32_t kin_next(const struct kin *k, uint32_t at)
{
	return k->edges[(at - 1) / 2].next[(at - 1) % 2];
}

static inline const struct kin_edge *kin_edge_at(const struct kin *k, uint32_t at)
{
	return &k->edges[(at - 1) / 2];
}

/* The identifier on the far side. */
static inline const struct identifier *kin_other(const struct kin *k, uint32_t at)
{
	return &k->ids[kin_edge_at(k, at)->end[1 - (at - 1) % 2]];
}

#endif
