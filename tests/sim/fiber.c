/* SPDX-License-Identifier: MIT */
#include "fiber.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "world.h"

enum { FIBERS = 32, STACK = 1 << 20, GUARD = 4096 };

struct fiber {
	ucontext_t context;
	char *stack;
	const char *name;
	void (*fn)(void *arg);
	void *arg;
	bool used, ended; /* an ended one is used until it is joined */
	int64_t wake_us;
	uint64_t order; /* among those that wake together */
	struct fiber *joined_by;
};

static struct fiber fibers[FIBERS];
static struct fiber *current;
static ucontext_t home;
static struct doom doom;
static int64_t marks[MARKS];
static int64_t any_marks, doom_us;

void (*fiber_last_words)(void);

struct fiber *fiber_self(void)
{
	return current;
}

const char *fiber_name(void)
{
	return current ? current->name : "-";
}

void fiber_rename(struct fiber *f, const char *name)
{
	f->name = name;
}

void fiber_doom(const struct doom *d)
{
	doom = *d;
	doom_us = world->now_us + d->in_us;
	any_marks = 0;
	for (int i = 0; i < MARKS; i++)
		marks[i] = 0;
}

void fiber_die(void)
{
	trace("death", "%s", doom.death == DEATH_POWER ? "power cut" : "kill -9");
	if (fiber_last_words)
		fiber_last_words();
	world_relay_gone(false);
	world->ends[world->life].died = true;
	world->ends[world->life].death = doom.death;
	world->ends[world->life].at_us = world->now_us;
	_exit(0);
}

static struct fiber *next(void)
{
	struct fiber *best = NULL;

	for (int i = 0; i < FIBERS; i++) {
		struct fiber *f = &fibers[i];

		if (f->used && !f->ended &&
		    (!best || f->wake_us < best->wake_us ||
		     (f->wake_us == best->wake_us && f->order < best->order)))
			best = f;
	}
	return best;
}

/* Time passes until the next fiber wakes; the life may end before. */
static struct fiber *choose(void)
{
	struct fiber *f = next();

	if (!f)
		return NULL;
	if (f->wake_us == INT64_MAX) {
		world_break("every thread waits for another");
		_exit(1);
	}
	if (doom.death && f->wake_us >= doom_us) {
		if (world->now_us < doom_us)
			world->now_us = doom_us;
		fiber_die();
	}
	if (world->now_us < f->wake_us)
		world->now_us = f->wake_us;
	return f;
}

static void switch_from(ucontext_t *from)
{
	struct fiber *to = choose();

	if (to && &to->context == from) {
		current = to;
		return;
	}
	current = to;
	if (swapcontext(from, to ? &to->context : &home) != 0)
		abort();
}

static void run(void)
{
	struct fiber *f = current;

	f->fn(f->arg);
	f->ended = true;
	if (f->joined_by)
		fiber_wake(f->joined_by, 0);
	switch_from(&f->context);
	abort();
}

static char *stack_new(void)
{
	char *p = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (p == MAP_FAILED || mprotect(p, GUARD, PROT_NONE) != 0)
		abort();
	return p;
}

static void prepare(struct fiber *f)
{
	if (getcontext(&f->context) != 0)
		abort();
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = STACK;
	f->context.uc_link = NULL;
	makecontext(&f->context, run, 0);
}

static struct fiber *unused(void)
{
	struct fiber *f = fibers;

	while (f->used)
		f++;
	assert(f < fibers + FIBERS);
	if (!f->stack)
		f->stack = stack_new();
	return f;
}

struct fiber *fiber_start(const char *name, void (*fn)(void *arg), void *arg)
{
	struct fiber *f = unused();

	f->name = name;
	f->fn = fn;
	f->arg = arg;
	f->used = true;
	f->ended = false;
	f->joined_by = NULL;
	f->order = chance(CHANCE_SCHEDULE);
	f->wake_us = world->now_us + chance_below(CHANCE_SCHEDULE, 50);
	prepare(f);
	return f;
}

void fiber_park(int64_t until_us)
{
	if (!current) {
		assert(until_us != INT64_MAX);
		world->now_us = until_us > world->now_us ? until_us : world->now_us;
		return;
	}
	current->wake_us = until_us;
	current->order = chance(CHANCE_SCHEDULE);
	switch_from(&current->context);
}

void fiber_sleep(int64_t us)
{
	fiber_park(world->now_us + us);
}

void fiber_wake(struct fiber *f, int64_t in_us)
{
	int64_t at_us = world->now_us + in_us;

	if (at_us < f->wake_us)
		f->wake_us = at_us;
}

void fiber_join(struct fiber *f)
{
	while (!f->ended) {
		f->joined_by = current;
		fiber_park(INT64_MAX);
	}
	f->used = false;
}

void fiber_run(void)
{
	switch_from(&home);
}

void fiber_mark(enum mark mark)
{
	const struct plan *p = &world->plan;

	if (!current)
		return;
	any_marks++;
	marks[mark]++;
	if (doom.death && (doom.mark == mark || doom.mark == MARK_ANY) &&
	    (doom.mark == MARK_ANY ? any_marks : marks[mark]) == doom.nth)
		fiber_die();
	if (!world->calm && chance_hit(CHANCE_SCHEDULE, p->preempt))
		fiber_sleep(chance_skewed(CHANCE_SCHEDULE, 0, p->pause_us));
}
