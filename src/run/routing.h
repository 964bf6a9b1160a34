/* SPDX-License-Identifier: MIT
 * routing.h - the routes, asked about one row that has been decided for every destination.
 *
 * Owns:    nothing.
 * Thread:  the judge's.
 * Errors:  none; a row that goes nowhere has a reason.
 * See:     core/route.h; run/judge.h, who calls this last. */
#ifndef RUN_ROUTING_H
#define RUN_ROUTING_H

#include "run/judge.h"

/* Takes `routed` off the rulings that no route leads to. REASON_NONE, or why the row
 * reaches none: ROUTED_AWAY, SAMPLED_OUT, NO_ROUTE. */
enum reason routing_apply(struct judge *j, const struct trace *t);

#endif
