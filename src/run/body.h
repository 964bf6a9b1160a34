/* SPDX-License-Identifier: MIT
 * body.h - a request's body for a person to read: laid out, and with what tells who somebody
 * is shortened to 8 hex digits of its hash. Amounts and ids keep every byte.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  nothing, and false, for what is no JSON or does not fit. */
#ifndef RUN_BODY_H
#define RUN_BODY_H

#include "base/buf.h"

/* Appends `body` over several lines, without a newline at the end; `depth` steps in. */
bool body_print(struct str body, bool reveal, int depth, struct buf *out);

/* Appends the members of data[0].user, "email 1a2b3c4d…, ip …", or nothing. */
void body_identifiers(struct str body, bool reveal, struct buf *out);

/* Appends the first 8 hex digits of the value's SHA-256, or of the hash that it is. */
void body_mask(struct str value, struct buf *out);

#endif
