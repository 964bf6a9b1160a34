/* SPDX-License-Identifier: MIT
 * left_out.h - what a payload has and the request does not, by the names of its members and
 * never their values: for a person who asks why.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/shape.h, which leaves out what cannot be read and says nothing of it. */
#ifndef CORE_LEFT_OUT_H
#define CORE_LEFT_OUT_H

#include "core/decide.h"

/* event: as it was shaped; empty where a reason came instead. */
void left_out_tell(const struct conversion *c, const struct decision *dec,
		   const struct destination_rules *d, struct str event,
		   const struct trace *t);

#endif
