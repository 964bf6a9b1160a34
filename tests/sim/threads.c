/* SPDX-License-Identifier: MIT
 *
 * pthread's functions for the code under test, put in place of the C library's by the linker
 * (--wrap): threads are fibers, and who gets a lock or is woken is the seed's choice. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fiber.h"
#include "world.h"

/* In the memory of a pthread_mutex_t; zeros are an unlocked one. */
struct mutex {
	struct fiber *owner;
};

/* In that of a pthread_cond_t. */
struct cond {
	int waiters;
	struct fiber *waiter[3];
};

_Static_assert(sizeof(struct mutex) <= sizeof(pthread_mutex_t), "a mutex is larger");
_Static_assert(sizeof(struct cond) <= sizeof(pthread_cond_t), "a condition is larger");

struct thread {
	void *(*fn)(void *arg);
	void *arg;
};

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr,
			  void *(*fn)(void *arg), void *arg);
int __wrap_pthread_join(pthread_t thread, void **out);
int __wrap_pthread_setname_np(pthread_t thread, const char *name);
int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *m);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *m);
int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr);
int __wrap_pthread_cond_destroy(pthread_cond_t *c);
int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m);
int __wrap_pthread_cond_signal(pthread_cond_t *c);
int __wrap_pthread_cond_broadcast(pthread_cond_t *c);

static void run(void *arg)
{
	struct thread t = *(struct thread *)arg;

	free(arg);
	t.fn(t.arg);
}

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr,
			  void *(*fn)(void *arg), void *arg)
{
	struct thread *t = malloc(sizeof(*t));

	(void)attr;
	if (!t)
		abort();
	*t = (struct thread){fn, arg};
	*out = (pthread_t)fiber_start("thread", run, t);
	return 0;
}

int __wrap_pthread_join(pthread_t thread, void **out)
{
	if (out)
		*out = NULL;
	fiber_join((struct fiber *)thread);
	return 0;
}

int __wrap_pthread_setname_np(pthread_t thread, const char *name)
{
	fiber_rename((struct fiber *)thread, name);
	return 0;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	(void)attr;
	memset(m, 0, sizeof(*m));
	return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *m)
{
	assert(!((struct mutex *)m)->owner);
	return 0;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	struct mutex *mutex = (struct mutex *)m;

	fiber_mark(MARK_JOB);
	assert(!fiber_self() || mutex->owner != fiber_self());
	while (mutex->owner)
		fiber_sleep(1 + chance_below(CHANCE_SCHEDULE, 20));
	mutex->owner = fiber_self();
	return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
	struct mutex *mutex = (struct mutex *)m;

	assert(mutex->owner == fiber_self());
	mutex->owner = NULL;
	fiber_mark(MARK_JOB);
	return 0;
}

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	(void)attr;
	memset(c, 0, sizeof(*c));
	return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *c)
{
	assert(((struct cond *)c)->waiters == 0);
	return 0;
}

static void forget(struct cond *c, struct fiber *f)
{
	for (int i = 0; i < c->waiters; i++)
		if (c->waiter[i] == f)
			c->waiter[i] = c->waiter[--c->waiters];
}

/* Wakes without cause now and then, as it may. */
int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	struct cond *cond = (struct cond *)c;
	struct fiber *self = fiber_self();
	bool spurious = chance_hit(CHANCE_SCHEDULE, 5);

	assert(cond->waiters < (int)(sizeof(cond->waiter) / sizeof(cond->waiter[0])));
	cond->waiter[cond->waiters++] = self;
	((struct mutex *)m)->owner = NULL;
	fiber_park(spurious ? world->now_us + chance_below(CHANCE_SCHEDULE, 100000)
			    : INT64_MAX);
	forget(cond, self);
	return __wrap_pthread_mutex_lock(m);
}

int __wrap_pthread_cond_signal(pthread_cond_t *c)
{
	struct cond *cond = (struct cond *)c;

	if (cond->waiters) {
		struct fiber *f =
			cond->waiter[chance_below(CHANCE_SCHEDULE, cond->waiters)];

		forget(cond, f);
		fiber_wake(f, chance_skewed(CHANCE_SCHEDULE, 5, 200));
	}
	return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
	struct cond *cond = (struct cond *)c;

	while (cond->waiters)
		fiber_wake(cond->waiter[--cond->waiters],
			   chance_skewed(CHANCE_SCHEDULE, 5, 200));
	return 0;
}
