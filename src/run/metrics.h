/* SPDX-License-Identifier: MIT
 * metrics.h - what the relay counts in memory, from its start on: a few additions a request,
 * not an event's cost. What the database keeps is not counted again.
 *
 * Owns:    nothing.
 * Thread:  the loop's; a copy is anybody's.
 * Errors:  none.
 * See:     run/exposition.h, which tells them to Prometheus. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include "core/verdict.h"
#include "store/lot.h"

#define METRICS_BOUNDS 17
#define METRICS_CLASSES 6 /* of HTTP statuses: none, 1xx .. 5xx */

enum {
#define X(name, word, spends, reason) +1
	METRICS_VERDICTS = 0 VERDICTS(X)
#undef X
};

/* Upper bounds, in milliseconds. */
extern const int64_t metrics_bound_ms[METRICS_BOUNDS];

struct histogram {
	uint64_t bucket[METRICS_BOUNDS + 1]; /* not cumulated; the last has no bound */
	uint64_t sum_ms;
};

/* Of one destination. */
struct site_metrics {
	uint64_t attempts[METRICS_VERDICTS][METRICS_CLASSES];
	uint64_t delivered;        /* events */
	struct histogram request;  /* from a request's start to its answer */
	struct histogram delivery; /* from the producer's commit to TikTok's answer */
};

/* Of the relay. */
struct metrics {
	int64_t started_ms; /* Unix time */
	uint64_t received;  /* rows of the outbox */
};

void histogram_add(struct histogram *h, int64_t ms, uint64_t count);
uint64_t histogram_count(const struct histogram *h);

/* The bound below which the share (0..1) lies, in milliseconds; -1: nothing was counted, or
 * it lies beyond the last. */
int64_t histogram_quantile(const struct histogram *h, double share);

void metrics_request(struct site_metrics *m, enum verdict v, int http_status,
		     int64_t took_ms);

/* The batch of the lot was delivered at this time (Unix ms). */
void metrics_delivered(struct site_metrics *m, const struct lot *lot, uint32_t batch,
		       int64_t at_ms);

#endif
