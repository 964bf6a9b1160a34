/* SPDX-License-Identifier: MIT
 * disconnect.h - what waits for a destination that is disconnected ends `cancelled:
 * disconnected`, wherever it waits.
 *
 *     the outbox, unread: at once where no other destination may want the row, else when the
 *                         relay reads it (destination.cancelled_through)
 *     waiting:            at once
 *     in a request:       when its end is known, and is not an end (settlement.h)
 *
 * Owns:    nothing; every call runs inside the caller's transaction.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     cmd/disconnect.c; run/reload.c; revocation.h, the token's side. */
#ifndef STORE_DISCONNECT_H
#define STORE_DISCONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"

/* Rows up to *through, the last one there is, are meant; *only: there is no other
 * destination. */
MUST_CHECK enum err_code disconnect_mark(struct db *db, int32_t destination_id,
					 int64_t *through, bool *only, struct err *e);

/* Some of those that wait in the queue; *count of them, 0 when none is left. A row that may
 * have arrived (held) stays. */
MUST_CHECK enum err_code disconnect_waiting(struct db *db, int32_t destination_id,
					    int64_t through, int64_t *count,
					    struct err *e);

/* Some of those that the relay has not read yet, behind *after, which moves on; the end is at
 * `through`. */
MUST_CHECK enum err_code disconnect_unread(struct db *db, int32_t destination_id,
					   int64_t through, int64_t *after,
					   int64_t *count, struct err *e);

/* How many wait in the queue, and how many the relay has not read yet. */
MUST_CHECK enum err_code disconnect_count(struct db *db, int32_t destination_id,
					  int64_t *waiting, int64_t *unread,
					  struct err *e);

#endif
