/* SPDX-License-Identifier: MIT
 * lane.h - threads beside the loop: jobs go there, and come back to the loop when done.
 *
 * Owns:    its threads, from lane_open to lane_close. A job's memory is the caller's and stays
 *          until `done`.
 * Thread:  lane_submit and lane_close on the loop's; `work` and `serve` on the lane's.
 * Errors:  a thread that cannot be made is BUSY.
 * See:     run/README.md, the contract of `done`. */
#ifndef RUN_LANE_H
#define RUN_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

/* The writer has `work` share one transaction with other jobs, and calls it again where that
 * was rolled back: what it has moved on outside of the file counts from `done` on. */
struct job {
	void (*work)(struct job *job, void *state);
	void (*done)(struct job *job);
	struct err err; /* of the work; OK before it */
	bool silent;    /* the writer's: what it commits gives nobody anything to read */
	struct job *next;
};

/* First in, first out. */
struct job_list {
	struct job *first, **last;
};

/* A thread that works on all jobs that wait, together. */
struct lane_way {
	void (*serve)(void *state, struct job *jobs);
	void (*gather)(void *state); /* before they are taken: may sleep, and more come */
};

struct lane {
	uv_async_t back;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job_list todo, finished;
	pthread_t thread[4];
	void *state[4];
	int threads;
	bool stopping;
	const struct lane_way *way; /* NULL: one job at a time by its `work` */
	void (*closed)(void *arg);
	void *closed_arg;
};

/* One thread a state, at most four; `name` is what tools show, up to 15 bytes. */
MUST_CHECK enum err_code lane_open(struct lane *lane, uv_loop_t *loop, const char *name,
				   void **states, int threads, const struct lane_way *way,
				   struct err *e);

void lane_submit(struct lane *lane, struct job *job);

/* Every job submitted before is worked and `done`, then `closed` is called. */
void lane_close(struct lane *lane, void (*closed)(void *arg), void *arg);

#endif
