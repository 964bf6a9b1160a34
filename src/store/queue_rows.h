/* SPDX-License-Identifier: MIT
 * queue_rows.h - the narrow rows of the queue and their counts: what admission and settlement
 * write. For queue.c, admit.c, settle.c and note_plain.c only.
 *
 * Owns:    nothing; the statements are the queue's.
 * Thread:  the writer's; inside its transaction. Counts are kept in memory until queue_flush.
 * Errors:  the database's.
 * See:     schema/schema.sql (delivery, waiting, counter). */
#ifndef STORE_QUEUE_ROWS_H
#define STORE_QUEUE_ROWS_H

#include "store/queue.h"

static inline int64_t queue_key(const struct entry *n)
{
	return n->outbox_id * KEY_DESTINATIONS + n->destination_id;
}

/* delta rows more in this state. */
MUST_CHECK enum err_code queue_tally(struct queue *q, int32_t destination_id, int state,
				     int delta, int64_t example_id, struct err *e);
MUST_CHECK enum err_code queue_flush(struct queue *q, struct err *e);

/* A finished delivery; attempt_id 0: it was never sent. One that is there already stays. */
MUST_CHECK enum err_code queue_deliver(struct queue *q, const struct entry *n, int state,
				       int64_t attempt_id, struct err *e);

/* Whether a row that was sent may be in a pack, behind `first` or as the first itself. */
bool queue_packs(const struct entry *n, const struct entry *first);

/* The same for QUEUE_PACK rows of one destination, attempt and state, at less than half the
 * cost. */
MUST_CHECK enum err_code queue_deliver_pack(struct queue *q, const struct entry *rows,
					    int state, int64_t attempt_id, struct err *e);

/* A row that waits, in place of what it waited for before; attempt_id 0 and REASON_NONE keep
 * the last. */
MUST_CHECK enum err_code queue_wait(struct queue *q, const struct entry *n,
				    enum status status, enum reason reason,
				    int64_t due_ms, int64_t attempt_id, struct err *e);
MUST_CHECK enum err_code queue_unwait(struct queue *q, int64_t key, struct err *e);

/* An entry of the lot ends though its last request did not decide it. The answer to that stays
 * with it, or to the one before it (attempt_id 0); none where no request can have arrived. */
MUST_CHECK enum err_code queue_end(struct queue *q, const struct lot *lot,
				   const struct entry *n, int state, int64_t attempt_id,
				   struct err *e);

/* Rows that store/scrub.h will rewrite once they are settled: those of the lot that hold plain
 * identifiers, unless they are noted already. */
MUST_CHECK enum err_code queue_note_plain(struct queue *q, const struct lot *lot,
					  struct err *e);

/* By which the row is found, if it holds its id. */
static inline int64_t entry_hash(const struct entry *n)
{
	return n->flags & ENTRY_CLAIMLESS ? 0 : n->hash;
}

#endif
