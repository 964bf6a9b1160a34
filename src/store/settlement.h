/* SPDX-License-Identifier: MIT
 * settlement.h - what becomes of a request's events.
 *
 * Owns:    nothing; the answer is the request's.
 * Thread:  any.
 * Errors:  none.
 * See:     store/queue.h (queue_settle), which writes it down. */
#ifndef STORE_SETTLEMENT_H
#define STORE_SETTLEMENT_H

#include "core/reason.h"
#include "core/verdict.h"

enum disposition {
	SETTLE_DELIVERED,
	SETTLE_FAILED, /* with a reason */
	SETTLE_RETRY,  /* waits until due_ms, one attempt spent */
	SETTLE_PARK,   /* waits for the destination, nothing spent */
	SETTLE_NONE,   /* the attempt is closed, the entries travel on in other batches */
};

struct settlement {
	int64_t attempt_id;
	int64_t answered_by; /* the last before it that these rows were in; 0: as it stands */
	uint32_t batch;
	enum disposition disposition;
	enum reason reason;
	bool unknown; /* it may have arrived */
	/* Rows up to here that would go on waiting end `cancelled: disconnected`. */
	int64_t cancelled_through;
	int64_t started_ms, due_ms;
	int64_t took_ms;
	enum verdict verdict;
	const struct answer
		*answer; /* NULL: it was never sent; the attempt is forgotten */
};

#endif
