/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fiber.h"

struct world *world;
bool world_traced;

void *world_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void world_init(void)
{
	world = world_map(sizeof(*world));
	disk_init();
	world_begin(0);
}

void world_begin(uint64_t seed)
{
	struct world *w = world;

	w->seed = seed;
	chance_seed(seed);
	w->now_us = w->wall_us = w->slept_us = 0;
	memset(&w->plan, 0, sizeof(w->plan));
	memset(w->next_action, 0, sizeof(w->next_action));
	memset(w->ends, 0, sizeof(w->ends));
	w->lost = 0;
	memset(w->troubles, 0, sizeof(w->troubles));
	tiktok_reset();
	w->row_count = w->transactions = w->life = w->relay = 0;
	w->told_us = 0;
	w->stepped_us = 0;
	w->attentive = w->unseen_step = false;
	w->calm = w->withdrawn = w->mapped = false;
	w->broken[0] = '\0';
	disk_reset();
}

void world_step(int64_t by_us)
{
	world->wall_us += by_us;
	world->stepped_us = world->now_us;
	if (!world->attentive)
		world->unseen_step = true;
}

/* What is under way ends before a step is stored; one that ends well stores it before. */
void world_relay_gone(bool well)
{
	if (!well && world->stepped_us && world->now_us - world->stepped_us < SECONDS(60))
		world->unseen_step = true;
	world->attentive = false;
}

int64_t world_wall_ms(void)
{
	return WORLD_EPOCH_MS + (world->now_us + world->wall_us) / 1000;
}

/* Not from 0: an uptime. */
int64_t world_mono_us(void)
{
	return SECONDS(1000) + world->now_us - world->slept_us;
}

void world_break(const char *fmt, ...)
{
	char text[sizeof(world->broken)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	trace("broken", "%s", text);
	if (!world->broken[0])
		memcpy(world->broken, text, sizeof(text));
}

void trace(const char *what, const char *fmt, ...)
{
	va_list args;

	if (!world_traced)
		return;
	printf("%d %12.6f %-9s %-9s ", world->life, (double)world->now_us / 1e6,
	       fiber_name(), what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}
