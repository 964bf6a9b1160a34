/* SPDX-License-Identifier: MIT
 * filler.h - rows of a lot that end for want of something, and the later ones of their ids that
 * may have it.
 *
 * Owns:    nothing.
 * Thread:  the lane's, while it shapes the lot.
 * Errors:  none.
 * See:     run/shaper.c, who asks before the lot is admitted. */
#ifndef RUN_FILLER_H
#define RUN_FILLER_H

#include <stdbool.h>

#include "core/reason.h"
#include "store/lot.h"

#define FILLER_MAX 16 /* rows that fill one */

/* The entries of a row: from `at`, before `end`. */
struct row_span {
	uint32_t at, end;
};

struct row_span filler_row(const struct lot *lot, uint32_t at);

/* Whether a row that ends so may lack what a duplicate of it has. */
bool filler_is_wanted(enum reason reason);

/* Whether two rows of the lot claim one id. */
bool filler_any(const struct lot *lot);

/* The later rows of the row's id, as outbox ids that a 0 ends; false where there are none, or
 * where it wants none. */
bool filler_find(const struct lot *lot, struct row_span row, int64_t out[FILLER_MAX + 1]);

/* How many of the entries are to be sent. */
uint32_t filler_sendable(const struct lot *lot, struct row_span row);

/* Moves entries from the lot's end into the row's place. */
void filler_replace(struct lot *lot, struct row_span row, struct row_span with);

#endif
