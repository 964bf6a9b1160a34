/* SPDX-License-Identifier: MIT
 * lot.h - rows read together, and each of their events for each destination.
 *
 * Owns:    nothing; the memory is the load's (run/load.h).
 * Thread:  see entry_batch for what two threads share.
 * Errors:  none. See store/queue.h, which takes lots in. */
#ifndef STORE_LOT_H
#define STORE_LOT_H

#include <stdint.h>

enum entry_flag {
	ENTRY_FIRST = 1,       /* the first entry of its row */
	ENTRY_DERIVED = 2,     /* the event_id is not in the row's column */
	ENTRY_DROPPED = 4,     /* not to be sent: a duplicate, cancelled, gone */
	ENTRY_UNKNOWN = 8,     /* an earlier attempt may have arrived */
	ENTRY_PARKED = 16,     /* it waits for its destination */
	ENTRY_RETRYING = 32,   /* LOT_RETRY: it waited as retrying, not as pending */
	ENTRY_PLAIN = 64,      /* with ENTRY_FIRST: the row holds plain identifiers */
	ENTRY_UNREAD = 128,    /* it is no conversion; its id is that of its column */
	ENTRY_TWIN = 256,      /* with ENTRY_FIRST: the row ended as a duplicate */
	ENTRY_CLAIMLESS = 512, /* its id is another row's, though it is no duplicate */
	ENTRY_RENAMED = 1024,  /* it may have arrived, under another event_id */
};

/* One event for one destination, or one row that reached none (destination_id 0). */
struct entry {
	int64_t outbox_id;
	int64_t hash;                 /* of the event_id; 0 where there is none */
	int64_t event_time;           /* Unix seconds */
	int64_t created_ms;           /* Unix time: when the producer committed it */
	int64_t first_sent_ms;        /* Unix time; 0: never */
	int64_t name_id;              /* event_name; 0: none */
	uint32_t id_at, id_len;       /* the event_id in lot.text */
	uint32_t event_at, event_len; /* not_mapped: the producer's name in lot.text */
	uint32_t body_at, body_len, batch; /* batch: its request, by entry_batch */
	int32_t utc_offset_s;
	uint16_t destination_id, attempts, flags;
	uint8_t reason;          /* enum reason; NONE: to be sent */
	int8_t limited_data_use; /* 1, 0, -1: absent */
};

/* A part of a lot may be settled by the writer while the loop cuts another one in halves: each
 * looks for its own number only, and a number is never used twice. */
static inline uint32_t entry_batch(const struct entry *n)
{
	return __atomic_load_n(&n->batch, __ATOMIC_RELAXED);
}

static inline void entry_set_batch(struct entry *n, uint32_t batch)
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
	int64_t now_ms, config_version; /* when they were read, by what decided */
};

/* A request to be opened: the entries of the lot with this batch number. */
struct opening {
	int64_t attempt_id; /* chosen by the caller, unique and growing */
	int32_t destination_id;
	uint32_t batch;
	uint32_t events;  /* out: those not dropped */
	int64_t cut_from; /* the attempt that it is a part of; 0: none */
};

#endif
