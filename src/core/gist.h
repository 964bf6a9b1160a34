/* SPDX-License-Identifier: MIT
 * gist.h - what a row of an event_id tells of which conversion it is, so that a second telling
 * of one is known from another conversion under the same id.
 *
 * Owns:    its texts, from gist_init to gist_fini.
 * Thread:  any.
 * Errors:  none; what cannot be read is an expected outcome.
 * See:     core/merge.h, what a second telling is good for. */
#ifndef CORE_GIST_H
#define CORE_GIST_H

#include "core/conversion.h"
#include "core/event_map.h"

struct gist {
	struct buf event, order, value;       /* empty: it says none */
	struct buf email, phone, external_id; /* as they are written */
};

void gist_init(struct gist *g);
void gist_fini(struct gist *g);

/* False where the row is no conversion. Reads it into the scratch. */
bool gist_read(struct gist *g, const struct outbox_row *row, struct scratch *s);

/* Whether they are of two orders; or of two values, where not both name the order: one order may be
 * told net and gross. */
bool gist_of_another_order(const struct gist *a, const struct gist *b);

/* Whether they are of two persons: each names one, and nothing of theirs is the same. */
bool gist_of_another_person(const struct gist *a, const struct gist *b);

/* Whether both name the order, and another one. */
static inline bool gist_of_two_orders(const struct gist *a, const struct gist *b)
{
	return a->order.len > 0 && b->order.len > 0 && gist_of_another_order(a, b);
}

/* Whether they are of two events that are sent, and that no destination is sent under one name. */
static inline bool gist_of_another_event(const struct gist *a, const struct gist *b,
					 const struct event_map *map)
{
	return event_map_are_two(map, buf_str(&a->event), buf_str(&b->event));
}

#endif
