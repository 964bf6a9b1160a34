/* SPDX-License-Identifier: MIT
 * members.h - ascending outbox ids in few bytes: their differences, seven bits a byte, lowest
 * first.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none; a blob that ends inside an id ends before it. */
#ifndef STORE_MEMBERS_H
#define STORE_MEMBERS_H

#include "base/buf.h"

/* Appends `id`, which is greater than *last (0 at first) and takes its place. */
void members_add(struct buf *out, int64_t *last, int64_t id);

/* Takes the id behind *last off the front; false at the end. */
bool members_next(struct str *left, int64_t *last);

/* Whether `id` is among them. */
bool members_hold(struct str members, int64_t id);

#endif
