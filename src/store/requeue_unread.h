/* SPDX-License-Identifier: MIT
 * requeue_unread.h - what becomes of rows that no relay has read while many are moved: in slices,
 * between which a relay reads on. For requeue.c only.
 *
 * Owns:    nothing.
 * Thread:  the connection's; inside the caller's transaction.
 * Errors:  the database's.
 * See:     given_up.h. */
#ifndef STORE_REQUEUE_UNREAD_H
#define STORE_REQUEUE_UNREAD_H

#include "store/requeue.h"

/* In the first slice. Sets q->all_unread. */
MUST_CHECK enum err_code
requeue_begin_many(struct requeue *q, const struct requeue_filter *f, struct err *e);
/* Behind the last. */
MUST_CHECK enum err_code requeue_end_many(struct requeue *q, struct err *e);

#endif
