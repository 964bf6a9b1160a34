/* SPDX-License-Identifier: MIT */
#include "store/run_filters.h"

#include <stdlib.h>

void run_filters_init(struct run_filters *f)
{
	*f = (struct run_filters){.count = 0};
	pthread_mutex_init(&f->lock, NULL);
}

static void free_at(struct run_filters *f, size_t i)
{
	filter_fini(&f->list[i]->filter);
	free(f->list[i]);
	f->list[i] = f->list[--f->count];
}

void run_filters_fini(struct run_filters *f)
{
	while (f->count)
		free_at(f, f->count - 1);
	free(f->list);
	f->list = NULL;
	f->cap = 0;
	pthread_mutex_destroy(&f->lock);
}

void run_filters_put(struct run_filters *f, int64_t run_id, struct filter *filter)
{
	struct run_filter *fresh = malloc(sizeof(*fresh));

	if (!fresh)
		abort();
	*fresh = (struct run_filter){run_id, 0, false, *filter};
	*filter = (struct filter){0};
	pthread_mutex_lock(&f->lock);
	if (f->count == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 16;
		f->list = realloc(f->list, f->cap * sizeof(*f->list));
		if (!f->list)
			abort();
	}
	f->list[f->count++] = fresh;
	pthread_mutex_unlock(&f->lock);
}

static size_t filter_at(const struct run_filters *f, int64_t run_id)
{
	size_t i = 0;

	while (i < f->count && f->list[i]->run_id != run_id)
		i++;
	return i;
}

void run_filters_drop(struct run_filters *f, int64_t run_id)
{
	size_t i;

	pthread_mutex_lock(&f->lock);
	i = filter_at(f, run_id);
	if (i < f->count) {
		f->list[i]->gone = true;
		if (f->list[i]->users == 0)
			free_at(f, i);
	}
	pthread_mutex_unlock(&f->lock);
}

const struct filter *run_filters_use(struct run_filters *f, int64_t run_id)
{
	const struct filter *found = NULL;
	size_t i;

	pthread_mutex_lock(&f->lock);
	i = filter_at(f, run_id);
	if (i < f->count && !f->list[i]->gone) {
		f->list[i]->users++;
		found = &f->list[i]->filter;
	}
	pthread_mutex_unlock(&f->lock);
	return found;
}

void run_filters_unuse(struct run_filters *f, int64_t run_id)
{
	size_t i;

	pthread_mutex_lock(&f->lock);
	i = filter_at(f, run_id);
	if (--f->list[i]->users == 0 && f->list[i]->gone)
		free_at(f, i);
	pthread_mutex_unlock(&f->lock);
}
