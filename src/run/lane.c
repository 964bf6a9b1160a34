/* SPDX-License-Identifier: MIT */
#include "run/lane.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void list_init(struct job_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void list_add(struct job_list *list, struct job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

static struct job *list_take(struct job_list *list, bool all)
{
	struct job *job = list->first;

	if (all || !job || !job->next) {
		list_init(list);
		return job;
	}
	list->first = job->next;
	job->next = NULL;
	return job;
}

static void return_jobs(struct lane *lane, struct job *jobs)
{
	pthread_mutex_lock(&lane->lock);
	while (jobs) {
		struct job *next = jobs->next;

		list_add(&lane->finished, jobs);
		jobs = next;
	}
	pthread_mutex_unlock(&lane->lock);
	uv_async_send(&lane->back);
}

struct worker {
	struct lane *lane;
	void *state;
};

static void *work(void *arg)
{
	struct lane *lane = ((struct worker *)arg)->lane;
	void *state = ((struct worker *)arg)->state;

	free(arg);
	for (;;) {
		struct job *jobs;
		bool stopping;

		pthread_mutex_lock(&lane->lock);
		while (!lane->todo.first && !lane->stopping)
			pthread_cond_wait(&lane->more, &lane->lock);
		if (lane->way) {
			pthread_mutex_unlock(&lane->lock);
			lane->way->gather(state);
			pthread_mutex_lock(&lane->lock);
		}
		jobs = list_take(&lane->todo, lane->way != NULL);
		stopping = lane->stopping;
		pthread_mutex_unlock(&lane->lock);
		if (!jobs && stopping)
			return NULL;
		if (!jobs)
			continue;
		if (lane->way)
			lane->way->serve(state, jobs);
		else
			jobs->work(jobs, state);
		return_jobs(lane, jobs);
	}
}

static void on_back(uv_async_t *back)
{
	struct lane *lane = (struct lane *)((char *)back - offsetof(struct lane, back));
	struct job *jobs;

	pthread_mutex_lock(&lane->lock);
	jobs = list_take(&lane->finished, true);
	pthread_mutex_unlock(&lane->lock);
	while (jobs) {
		struct job *next = jobs->next; /* `done` may submit the job again */

		jobs->done(jobs);
		jobs = next;
	}
}

static enum err_code start_thread(struct lane *lane, const char *name, void *state,
				  struct err *e)
{
	struct worker *worker = malloc(sizeof(*worker));
	sigset_t all, before;
	int rc;

	if (!worker)
		abort();
	*worker = (struct worker){lane, state};
	sigfillset(&all); /* signals are the loop's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&lane->thread[lane->threads], NULL, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		pthread_setname_np(lane->thread[lane->threads], name);
	if (rc != 0) {
		free(worker);
		return err_set(e, ERR_BUSY, "a thread cannot be started: %s",
			       strerror(rc));
	}
	lane->threads++;
	return ERR_OK;
}

static void join(struct lane *lane)
{
	pthread_mutex_lock(&lane->lock);
	lane->stopping = true;
	pthread_cond_broadcast(&lane->more);
	pthread_mutex_unlock(&lane->lock);
	for (int i = 0; i < lane->threads; i++)
		pthread_join(lane->thread[i], NULL);
}

enum err_code lane_open(struct lane *lane, uv_loop_t *loop, const char *name,
			void **states, int threads, const struct lane_way *way,
			struct err *e)
{
	memset(lane, 0, sizeof(*lane));
	list_init(&lane->todo);
	list_init(&lane->finished);
	lane->way = way;
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->more, NULL);
	if (uv_async_init(loop, &lane->back, on_back) != 0)
		return err_set(e, ERR_BUSY,
			       "no descriptor is left for a thread's signal");
	for (int i = 0; i < threads; i++) {
		if (start_thread(lane, name, states[i], e) != ERR_OK) {
			join(lane);
			uv_close((uv_handle_t *)&lane->back, NULL);
			return e->code;
		}
	}
	return ERR_OK;
}

void lane_submit(struct lane *lane, struct job *job)
{
	job->err.code = ERR_OK;
	pthread_mutex_lock(&lane->lock);
	list_add(&lane->todo, job);
	pthread_cond_signal(&lane->more);
	pthread_mutex_unlock(&lane->lock);
}

static void on_closed(uv_handle_t *handle)
{
	struct lane *lane = (struct lane *)((char *)handle - offsetof(struct lane, back));

	pthread_mutex_destroy(&lane->lock);
	pthread_cond_destroy(&lane->more);
	lane->closed(lane->closed_arg);
}

void lane_close(struct lane *lane, void (*closed)(void *arg), void *arg)
{
	lane->closed = closed;
	lane->closed_arg = arg;
	join(lane);
	on_back(&lane->back);
	uv_close((uv_handle_t *)&lane->back, on_closed);
}
