/* SPDX-License-Identifier: MIT
 * seen.h - which strings of a payload were met before, by their spelling.
 *
 * Owns:    nothing; the table lies in a buf of the caller.
 * Thread:  one at a time.
 * Errors:  none. */
#ifndef CORE_SEEN_H
#define CORE_SEEN_H

#include "core/json.h"

/* Room for `count` tokens; forgets the ones before. */
void seen_begin(struct buf *table, size_t count);

/* The place of the token's spelling: it holds the token that was put there, or
 * JSON_NONE. Valid until seen_begin. */
uint32_t *seen_place(struct buf *table, const struct json *j, uint32_t token);

#endif
