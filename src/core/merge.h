/* SPDX-License-Identifier: MIT
 * merge.h - two tellings of one conversion: what the first left empty, the second fills.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  false where one of the payloads is no JSON object or the result does not fit;
 *          `out` is then as it was. */
#ifndef CORE_MERGE_H
#define CORE_MERGE_H

#include "base/buf.h"

/* Appends `first` with its absent, null and empty members taken from `second`, objects in
 * objects alike; lists are values, and empty where all that is in them is. Nothing that `first`
 * says is changed. */
bool payload_merge(struct str first, struct str second, struct buf *out);

#endif
