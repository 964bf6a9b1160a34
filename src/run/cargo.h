/* SPDX-License-Identifier: MIT
 * cargo.h - a request's body on its way out: a head, events where they stand in the load's
 * body, a tail. Nothing is copied together.
 *
 * Owns:    head, tail and spans, from cargo_init to cargo_fini; the events are the load's.
 * Thread:  the loop's.
 * Errors:  none.
 * See:     run/envelope.h; run/shipment.h, whose it is. */
#ifndef RUN_CARGO_H
#define RUN_CARGO_H

#include "run/envelope.h"

struct span {
	uint32_t at, len;
};

struct cargo {
	struct buf head, tail;
	struct span *spans;
	uint32_t count, current;
	uint64_t len; /* of the whole body */
};

/* For at most `events`; head and tail are the caller's to fill. */
void cargo_init(struct cargo *c, uint32_t events);

/* An event behind the others, with the comma that stands behind it in the load's body. */
void cargo_add(struct cargo *c, uint32_t at, uint32_t len);

/* Behind the last event, of which there is at least one. */
void cargo_close(struct cargo *c);

/* The next bytes, from `offset` on, as many as fit; once each. */
size_t cargo_read(struct cargo *c, const char *events, uint64_t offset, char *out,
		  size_t cap);

void cargo_fini(struct cargo *c);

#endif
