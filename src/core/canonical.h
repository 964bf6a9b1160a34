/* SPDX-License-Identifier: MIT
 * canonical.h - a payload in the one form that all its spellings share (RFC 8785).
 *
 * Keys in UTF-16 order, the last of equal keys, strings with the least escapes, numbers
 * as ECMAScript prints them; a number that a double would change keeps its digits.
 *
 * Owns:    nothing.
 * Thread:  as the scratch.
 * Errors:  none. */
#ifndef CORE_CANONICAL_H
#define CORE_CANONICAL_H

#include "core/conversion.h"

/* Appends the payload without what may differ between two tellings of one conversion:
 * consent, session_id, user.ip, user.user_agent, and the time where it was read from
 * there. */
void canonical_payload(const struct conversion *c, struct scratch *s, struct buf *out);

/* Appends a string with its quotes. */
void canonical_string(struct str s, struct buf *out);

#endif
