/* SPDX-License-Identifier: MIT
 * shaper.h - what the functions that write the parts of one event share.
 *
 * Owns:    nothing; all is borrowed for one call of shape().
 * Thread:  as core/shape.h.
 * Errors:  as core/shape.h. */
#ifndef CORE_SHAPER_H
#define CORE_SHAPER_H

#include "core/shape.h"

struct shaper {
	const struct conversion *c;
	const struct json *j;
	const struct decision *dec;
	const struct destination_rules *d;
	const struct enrichment *e; /* never NULL */
	struct digest *dg;
	struct scratch *s;
	struct buf *out;
};

/* Notes the member's value for whoever tells why. */
static inline enum reason bad_value(struct shaper *sh, uint32_t at)
{
	sh->s->refused = at;
	return REASON_BAD_VALUE;
}

#endif
