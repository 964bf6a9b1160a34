/* SPDX-License-Identifier: MIT
 * json_place.h - where a text stops being JSON, for whoever is to mend it. json_scan only says
 * that it does: on the path of every byte it keeps no place.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     json.h. */
#ifndef CORE_JSON_PLACE_H
#define CORE_JSON_PLACE_H

#include "base/buf.h"

/* The first byte that cannot stand where it does, or the length of a text that ends too early;
 * the beginning of a number that is none (1., 01) and of a string that does not end or has an
 * escape that is none. False where json_scan takes it, but for its limit of values. */
bool json_place(struct str text, size_t *at);

/* Appends "line 2, column 7": in characters, from 1 on. */
void json_place_tell(struct str text, size_t at, struct buf *out);

#endif
