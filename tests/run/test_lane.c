/* SPDX-License-Identifier: MIT
 *
 * Threads beside the loop, meant to be run under the thread sanitizer too: every job is worked
 * once and comes back once, on the loop's thread, also when the lane closes at once. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/lane.h"

enum { JOBS = 5000 };

struct stage;

struct task {
	struct job job; /* first: the job is the task */
	struct stage *stage;
	int number, worked, finished, again;
};

struct stage {
	uv_loop_t loop;
	struct lane lane;
	struct task *tasks;
	pthread_t thread; /* the loop's */
	int worked, finished, served, gathered, largest, closed;
	int last; /* the last number that was worked, with one thread */
	bool in_order;
};

static void work(struct job *job, void *state)
{
	struct task *t = (struct task *)job;
	struct stage *s = t->stage;

	(void)state;
	t->worked++;
	assert(!pthread_equal(pthread_self(), s->thread));
	if (t->number % 7 == 0)
		err_set(&job->err, ERR_BUSY, "task %d", t->number);
}

/* The writer's way: all that wait, together. */
static void serve(void *state, struct job *jobs)
{
	struct stage *s = state;
	int size = 0;

	for (struct job *job = jobs; job; job = job->next, size++) {
		struct task *t = (struct task *)job;

		if (t->number <= s->last && t->again == 0)
			s->in_order = false;
		s->last = t->number;
		work(job, state);
	}
	s->served++;
	if (size > s->largest)
		s->largest = size;
}

static void gather(void *state)
{
	((struct stage *)state)->gathered++;
}

static const struct lane_way together = {serve, gather};

static void done(struct job *job)
{
	struct task *t = (struct task *)job;
	struct stage *s = t->stage;

	assert_true(pthread_equal(pthread_self(), s->thread));
	assert_int_equal(job->err.code, t->number % 7 ? ERR_OK : ERR_BUSY);
	t->finished++;
	s->finished++;
	if (t->again > 0) {
		t->again--;
		lane_submit(&s->lane, job); /* its memory may be used again here */
	}
}

static void closed(void *arg)
{
	((struct stage *)arg)->closed++;
}

static void open_stage(struct stage *s, int threads, const struct lane_way *how)
{
	void *states[4] = {s, s, s, s};
	struct err e;

	*s = (struct stage){.last = -1, .in_order = true, .thread = pthread_self()};
	assert_int_equal(uv_loop_init(&s->loop), 0);
	assert_int_equal(lane_open(&s->lane, &s->loop, "test", states, threads, how, &e),
			 ERR_OK);
	s->tasks = calloc(JOBS, sizeof(*s->tasks));
	assert_non_null(s->tasks);
	for (int i = 0; i < JOBS; i++) {
		struct task *t = &s->tasks[i];

		t->stage = s;
		t->number = i;
		t->job.work = work;
		t->job.done = done;
	}
}

static void close_stage(struct stage *s)
{
	lane_close(&s->lane, closed, s);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_int_equal(s->closed, 1);
	assert_int_equal(uv_loop_close(&s->loop), 0); /* no handle was forgotten */
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(s->tasks[i].worked, s->tasks[i].finished);
	free(s->tasks);
}

static void run_until(struct stage *s, int finished)
{
	while (s->finished < finished)
		uv_run(&s->loop, UV_RUN_ONCE);
}

static void many_jobs(struct stage *s)
{
	for (int i = 0; i < JOBS; i++) {
		lane_submit(&s->lane, &s->tasks[i].job);
		if (i % 100 == 0)
			uv_run(&s->loop, UV_RUN_NOWAIT);
	}
	run_until(s, JOBS);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(s->tasks[i].finished, 1);
}

static void one_thread_takes_all_that_wait(void **state)
{
	struct stage s;

	(void)state;
	open_stage(&s, 1, &together);
	many_jobs(&s);
	assert_true(s.in_order);
	assert_in_range(s.served, 1, JOBS);
	assert_in_range(s.gathered, s.served, s.served + 1);
	close_stage(&s);
}

static void four_threads_one_job_at_a_time(void **state)
{
	struct stage s;

	(void)state;
	open_stage(&s, 4, NULL);
	many_jobs(&s);
	close_stage(&s);
}

static void a_job_submits_itself_again(void **state)
{
	struct stage s;

	(void)state;
	for (int threads = 1; threads <= 4; threads += 3) {
		open_stage(&s, threads, threads == 1 ? &together : NULL);
		for (int i = 0; i < 50; i++) {
			s.tasks[i].again = 20;
			lane_submit(&s.lane, &s.tasks[i].job);
		}
		run_until(&s, 50 * 21);
		assert_int_equal(s.tasks[0].finished, 21);
		close_stage(&s);
	}
}

/* What was submitted before is worked and comes back before `closed`. */
static void it_closes_behind_its_jobs(void **state)
{
	struct stage s;

	(void)state;
	for (int round = 0; round < 20; round++) {
		int jobs = round * 17;

		open_stage(&s, round % 2 ? 1 : 4, round % 2 ? &together : NULL);
		for (int i = 0; i < jobs; i++)
			lane_submit(&s.lane, &s.tasks[i].job);
		lane_close(&s.lane, closed, &s);
		assert_int_equal(s.finished, jobs);
		assert_int_equal(s.closed, 0); /* never before the call returns */
		uv_run(&s.loop, UV_RUN_DEFAULT);
		assert_int_equal(s.closed, 1);
		assert_int_equal(uv_loop_close(&s.loop), 0);
		free(s.tasks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_takes_all_that_wait),
		cmocka_unit_test(four_threads_one_job_at_a_time),
		cmocka_unit_test(a_job_submits_itself_again),
		cmocka_unit_test(it_closes_behind_its_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
