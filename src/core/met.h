/* SPDX-License-Identifier: MIT
 * met.h - which nodes the rows of a load came to, so that an edge found out meanwhile can be
 * told to concern one of them.
 *
 * Owns:    its memory, from the first met_add to met_fini; zeroed is empty.
 * Thread:  one at a time.
 * Errors:  out of memory aborts. */
#ifndef CORE_MET_H
#define CORE_MET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kin.h"

#define MET_MAX (1 << 20) /* 16 MiB; beyond, any edge may concern its rows */

struct met_node {
	uint64_t node;
	uint32_t row;
	uint32_t next; /* of the same node, + 1; 0: none */
};

struct met {
	struct met_node *nodes; /* row by row */
	size_t count, cap;
	uint32_t *slots; /* of a node: its first, + 1; made by met_index */
	size_t slot_count;
	bool blind; /* a row was not looked up, because nothing was known, or not kept */
};

void met_clear(struct met *m);
void met_fini(struct met *m);
/* In the order of the rows. */
void met_add(struct met *m, uint32_t row, uint64_t node);

/* After the last met_add, before the first met_gains. */
void met_index(struct met *m);

/* Whether a row that came to one end of the edge did not come to the other. */
bool met_gains(const struct met *m, const uint64_t end[2]);

/* Whether it does so by one of the edges of conversions before first_id; where a row was not
 * looked up, by any of them. */
bool met_gains_any(const struct met *m, const struct kin_edge *edges, size_t count,
		   int64_t first_id);

#endif
