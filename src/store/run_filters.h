/* SPDX-License-Identifier: MIT
 * run_filters.h - the filters of a process's runs, shared by all its connections.
 *
 * Owns:    each filter, from run_filters_put until it is dropped and nobody uses it.
 * Thread:  any; takes its lock.
 * Errors:  out of memory aborts.
 * See:     store/runs.h. */
#ifndef STORE_RUN_FILTERS_H
#define STORE_RUN_FILTERS_H

#include <pthread.h>

#include "core/filter.h"

#define RUN_FILTER_MAX (8u << 20) /* bytes of one run's */

/* A new key asks them all, and there are many small runs and few large ones: so the small ones
 * have more bytes a key. */
static inline size_t run_filter_bytes(int level, uint64_t keys)
{
	uint64_t bytes = level == 0 ? 2 * keys : level == 1 ? keys + keys / 2 : keys;

	return bytes < RUN_FILTER_MAX ? (size_t)bytes : RUN_FILTER_MAX;
}

struct run_filters {
	pthread_mutex_t lock;
	struct run_filter {
		int64_t run_id;
		int users;
		bool gone;
		struct filter filter;
	} * *list;
	size_t count, cap;
};

void run_filters_init(struct run_filters *f);
void run_filters_fini(struct run_filters *f);

/* Takes the filter over. */
void run_filters_put(struct run_filters *f, int64_t run_id, struct filter *filter);
void run_filters_drop(struct run_filters *f, int64_t run_id);

/* NULL where there is none; else it stays until run_filters_unuse. */
const struct filter *run_filters_use(struct run_filters *f, int64_t run_id);
void run_filters_unuse(struct run_filters *f, int64_t run_id);

#endif
