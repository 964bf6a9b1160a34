/* SPDX-License-Identifier: MIT
 * sites.h - the destinations of a relay.
 *
 * Owns:    each site, until sites_fini; it stays where it is.
 * Thread:  the loop's.
 * Errors:  none.
 * See:     run/reload.c, who adds them. */
#ifndef RUN_SITES_H
#define RUN_SITES_H

#include "run/site.h"

struct sites {
	struct site **list; /* removed ones too */
	int count;
	struct site_limits limits;
	int jobs;         /* of theirs, on the writer's lane */
	struct site redo; /* rows to be decided anew, for no destination yet */
};

/* NULL: there is none of that id. */
struct site *sites_find(const struct sites *s, int32_t destination_id);
void sites_fini(struct sites *s);

#endif
