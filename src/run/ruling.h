/* SPDX-License-Identifier: MIT
 * ruling.h - what is decided about one row of the outbox for one destination.
 *
 * Owns:    nothing; texts are borrowed until the judge reads the next row.
 * Thread:  its judge's.
 * Errors:  none; a row that may not be sent has a reason.
 * See:     run/judge.h, who makes it. */
#ifndef RUN_RULING_H
#define RUN_RULING_H

#include "core/shape.h"
#include "store/config.h"

struct ruling {
	const struct destination_config *destination;
	struct enrichment *known; /* as of the event, by its clock */
	struct decision decision;
	enum reason reason; /* REASON_NONE: it may be sent */
	bool routed;        /* false: a route leads past this destination */
	struct str ttclid;  /* the session's, or the person's */
	bool has_credit;
	double credit; /* 0..1, TikTok's */
};

#endif
