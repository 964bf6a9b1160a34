/* SPDX-License-Identifier: MIT
 * vitals.h - what the loop knows of itself, copied for a worker that answers a question.
 *
 * Owns:    the sites, from vitals_take to vitals_fini.
 * Thread:  vitals_take on the loop's; a copy is anybody's.
 * Errors:  none.
 * See:     run/console.h, who asks. */
#ifndef RUN_VITALS_H
#define RUN_VITALS_H

#include "base/buf.h"
#include "run/metrics.h"
#include "store/config.h"

struct relay;

struct vitals_site {
	int32_t id;
	char name[64];
	bool paused, has_token;
	bool waits;         /* it takes nothing now, */
	enum reason reason; /* for this; NONE where it does, or where it is paused */
	int under_way;      /* requests */
	struct site_metrics metrics;
};

struct vitals {
	char db_path[1024];
	struct metrics metrics;
	struct vitals_site *sites; /* without removed ones */
	int count;
	int under_way;
	bool configured; /* destinations have been read */
	bool stopping;
	char trouble[sizeof(((struct err *)0)->msg)]; /* "": the database takes writes */
	bool unreadable;                              /* that trouble is one of reads */
	int refusal; /* of writes, as whoever looks at the lock is told */
};

void vitals_take(const struct relay *r, struct vitals *out);
void vitals_fini(struct vitals *v);

const struct vitals_site *vitals_site(const struct vitals *v, struct str name);

/* Appends why nothing can be delivered now, a line each; nothing: it is ready. */
void vitals_unready(const struct vitals *v, struct buf *out);

#endif
