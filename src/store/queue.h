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

#include "core/reason.h"
#include "core/verdict.h"
#include "store/counter.h"
#include "store/dedup.h"

#define KEY_DESTINATIONS 1024 /* key = outbox id * 1024 + destination id */
#define OUTBOX_ID_MAX ((INT64_C(1) << 52) - 1)
#define QUEUE_PACK 20 /* delivery rows that one statement appends */
#define RESEND_MAX_MS (INT64_C(47) * 60 * 60 * 1000)

enum entry_flag {
	ENTRY_FIRST = 1,     /* the first entry of its row */
	ENTRY_DERIVED = 2,   /* the event_id is not in the row's column */
	ENTRY_DROPPED = 4,   /* not to be sent: a duplicate, cancelled, gone */
	ENTRY_UNKNOWN = 8,   /* an earlier attempt may have arrived */
	ENTRY_PARKED = 16,   /* it waits for its destination */
	ENTRY_RETRYING = 32, /* LOT_RETRY: it waited as retrying, not as pending */
	ENTRY_PLAIN = 64,    /* with ENTRY_FIRST: the row holds plain identifiers */
};

/* One event for one destination, or one row that reached none (destination_id 0). */
struct entry {
	int64_t outbox_id;
	int64_t hash;                 /* of the event_id; 0 where there is none */
	int64_t event_time;           /* Unix seconds */
	int64_t first_sent_ms;        /* Unix time; 0: never */
	int64_t name_id;              /* event_name; 0: none */
	uint32_t id_at, id_len;       /* the event_id in lot.text */
	uint32_t event_at, event_len; /* not_mapped: the producer's name in lot.text */
	uint32_t body_at, body_len;
	int32_t utc_offset_s;
	uint16_t destination_id;
	uint16_t reason; /* enum reason; NONE: to be sent */
	uint16_t batch;  /* the request it travels in, by entry_batch */
	uint16_t attempts;
	int8_t limited_data_use; /* 1, 0, -1: absent */
	uint8_t flags;
};

/* A part of a lot may be settled by the writer while the loop cuts another one in halves: each
 * looks for its own number only, and a number is never used twice. */
static inline uint16_t entry_batch(const struct entry *n)
{
	return __atomic_load_n(&n->batch, __ATOMIC_RELAXED);
}

static inline void entry_set_batch(struct entry *n, uint16_t batch)
{
	__atomic_store_n(&n->batch, batch, __ATOMIC_RELAXED);
}

enum lot_kind {
	LOT_FRESH, /* a range behind the cursor */
	LOT_REDO,  /* waiting rows to be decided anew, for all destinations */
	LOT_RETRY, /* waiting rows of one destination */
};

/* Rows that were read and shaped together. */
struct lot {
	enum lot_kind kind;
	int64_t first_id, last_id; /* LOT_FRESH: the range it covers, gaps and all */
	struct entry *entries;     /* by outbox_id, a row's entries together */
	uint32_t count;
	const char *text;
};

/* A request to be opened: the entries of the lot with this batch number. */
struct opening {
	int64_t attempt_id; /* chosen by the caller, unique and growing */
	int32_t destination_id;
	uint16_t batch;
	uint32_t events; /* out: those not dropped */
};

enum disposition {
	SETTLE_DELIVERED,
	SETTLE_FAILED, /* with a reason */
	SETTLE_RETRY,  /* waits until due_ms, one attempt spent */
	SETTLE_PARK,   /* waits for the destination, nothing spent */
	SETTLE_NONE,   /* the attempt is closed, the entries travel on in other batches */
};

struct settlement {
	int64_t attempt_id;
	uint16_t batch;
	enum disposition disposition;
	enum reason reason;
	bool unknown; /* it may have arrived */
	int64_t started_ms, due_ms;
	int64_t took_ms;
	enum verdict verdict;
	const struct answer
		*answer; /* NULL: it was never sent; the attempt is forgotten */
};

struct queue {
	struct db *db;
	struct counter counter;
	struct dedup dedup;
	sqlite3_stmt *cursor, *open_attempt, *close_attempt, *forget_attempt, *block,
		*deliver, *deliver_pack, *wait, *unwait, *lease, *derived, *duplicate,
		*unmapped, *cancelled, *live, *plain;
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
