/* SPDX-License-Identifier: MIT */
#include "run/metrics.h"

const int64_t metrics_bound_ms[METRICS_BOUNDS] = {
	10,    25,    50,    100,    250,     500,     1000,     2500,      5000,
	10000, 30000, 60000, 300000, 1800000, 7200000, 43200000, 172800000,
};

static size_t bucket_of(int64_t ms)
{
	size_t i = 0;

	while (i < METRICS_BOUNDS && ms > metrics_bound_ms[i])
		i++;
	return i;
}

void histogram_add(struct histogram *h, int64_t ms, uint64_t count)
{
	if (ms < 0)
		ms = 0;
	h->bucket[bucket_of(ms)] += count;
	h->sum_ms += (uint64_t)ms * count;
}

uint64_t histogram_count(const struct histogram *h)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= METRICS_BOUNDS; i++)
		count += h->bucket[i];
	return count;
}

int64_t histogram_quantile(const struct histogram *h, double share)
{
	double below = share * (double)histogram_count(h);
	uint64_t seen = 0;

	for (size_t i = 0; i < METRICS_BOUNDS; i++) {
		seen += h->bucket[i];
		if (seen > 0 && (double)seen >= below)
			return metrics_bound_ms[i];
	}
	return -1;
}

void metrics_request(struct site_metrics *m, enum verdict v, int http_status,
		     int64_t took_ms)
{
	int class = http_status / 100;

	m->attempts[v][class > 0 && class < METRICS_CLASSES ? class : 0]++;
	histogram_add(&m->request, took_ms, 1);
}

/* Neighbours were committed at about the same time: a run of them is one addition. */
void metrics_delivered(struct site_metrics *m, const struct lot *lot, uint32_t batch,
		       int64_t at_ms)
{
	int64_t run_ms = 0;
	uint64_t run = 0;

	for (uint32_t i = 0; i < lot->count; i++) {
		const struct entry *n = &lot->entries[i];

		if (entry_batch(n) != batch || n->reason || n->flags & ENTRY_DROPPED)
			continue;
		if (run > 0 && n->created_ms != run_ms) {
			histogram_add(&m->delivery, at_ms - run_ms, run);
			m->delivered += run;
			run = 0;
		}
		run_ms = n->created_ms;
		run++;
	}
	if (run > 0)
		histogram_add(&m->delivery, at_ms - run_ms, run);
	m->delivered += run;
}
