/* SPDX-License-Identifier: MIT
 * json_id.h - an id as text, whether it is written as text or as a number.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_JSON_ID_H
#define CORE_JSON_ID_H

#include "core/json.h"

/* For json_id: with an escape, a fraction or an exponent. */
struct str json_id_made(const struct json *j, uint32_t at, struct buf *tmp);

/* What the string or number at `at` says; made in `tmp`, which is cleared first, where it does not
 * stand so in the text. A number counts as it is written, but 4711.0 and 4.711e3 as 4711. */
static inline struct str json_id(const struct json *j, uint32_t at, struct buf *tmp)
{
	return j->t[at].flags & (TOKEN_ESCAPED | TOKEN_REAL) ? json_id_made(j, at, tmp)
							     : json_bytes(j, at);
}

#endif
