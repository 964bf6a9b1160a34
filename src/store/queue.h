/* SPDX-License-Identifier: MIT
 * queue.h - the durable queue: rows come in by range, leave by settlement, and what cannot be
 * settled yet waits. The only writer of cursor, attempt, delivery and waiting.
 *
 * A row of the outbox is never touched. Admission passes the cursor over a range of rows and
 * opens an attempt for each batch of it; both are durable before a byte is sent. Settlement
 * closes the attempt and appends one narrow delivery row an event, or lets the row wait.
 *
 * Owns:    statements and the deduplication, from queue_open to queue_close.
 * Thread:  the writer's; every call but open and close runs inside the caller's transaction.
 * Errors:  the database's.
 * See:     schema/schema.sql (queue, attempt, delivery, waiting); run/relay.h, who calls. */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "store/counter.h"
#include "store/dedup.h"
#include "store/given_up.h"
#include "store/lot.h"
#include "store/note_plain.h"
#include "store/settlement.h"

#define KEY_DESTINATIONS 1024 /* key = outbox id * 1024 + destination id */
#define OUTBOX_ID_MAX ((INT64_C(1) << 52) - 1)
#define QUEUE_PACK 20 /* delivery rows that one statement appends */
#define RESEND_MAX_MS (INT64_C(47) * 60 * 60 * 1000)

struct queue {
	struct db *db;
	struct counter counter;
	struct dedup dedup;
	struct note_plain plain;
	struct given_up_reader given_up;
	sqlite3_stmt *cursor, *open_attempt, *close_attempt, *forget_attempt, *block,
		*deliver, *deliver_pack, *wait, *unwait, *lease, *derived, *duplicate,
		*later, *unmapped, *cancelled, *live, *set_hash, *waited, *removed,
		*by_operator;
	int64_t now_ms; /* of the transaction; set by the caller */
	struct tally {
		int32_t destination_id;
		int state;
		int64_t delta, example_id;
	} tally[64];
	int tallies;
};

MUST_CHECK enum err_code queue_open(struct queue *q, struct db *db, struct err *e);
void queue_close(struct queue *q);

/* Where the last relay stopped: the cursor and the highest attempt id. */
MUST_CHECK enum err_code queue_position(struct queue *q, int64_t *cursor,
					int64_t *attempt_id, struct err *e);

/* Attempts that a dead relay left open: their outcome is unknown, their rows wait. */
MUST_CHECK enum err_code queue_recover(struct queue *q, int *recovered, struct err *e);

/* Deduplicates, settles what ended before sending, parks, and opens the requests. */
MUST_CHECK enum err_code queue_admit(struct queue *q, struct lot *lot,
				     struct opening *openings, size_t count,
				     struct err *e);

/* Opens one more request for entries already admitted (halves of a refused batch). */
MUST_CHECK enum err_code queue_reopen(struct queue *q, struct lot *lot, struct opening *o,
				      struct err *e);

/* Closes a request and settles its entries. */
MUST_CHECK enum err_code queue_settle(struct queue *q, const struct lot *lot,
				      const struct settlement *s, struct err *e);

/* What admins see of a destination: why it waits (REASON_NONE: it does not), until when, and
 * the last error ("": none). */
MUST_CHECK enum err_code queue_block(struct queue *q, int32_t destination_id,
				     enum reason reason, int64_t until_ms,
				     const char *last_error, struct err *e);

#endif
