/* SPDX-License-Identifier: MIT */
#include "store/turn.h"

#include <sched.h>

#include "base/clock.h"
#include "store/wal_index.h"

enum {
	PATIENCE_MS = 10000,
	HURRY_MS = 1000,
	AT_ONCE = 8, /* tries behind a commit: it is unlocked a little later */
	AWAKE = 200, /* tries of a few microseconds, others get the processor in between; */
	DOZING = 2000, /* up to so many there is a nap in between, and then it sleeps */
	NAP_US = 50,
	SLEEP_US = 5000,
};

void turn_init(struct turn *t)
{
	*t = (struct turn){.patience_ms = PATIENCE_MS};
}

void turn_hurry(struct turn *t)
{
	t->patience_ms = HURRY_MS;
}

static void rest(int tries)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (tries < AWAKE)
		sched_yield();
	else
		vfs->xSleep(vfs, tries < DOZING ? NAP_US : SLEEP_US);
}

int turn_wait(void *turn, int tries)
{
	struct turn *t = turn;
	uint64_t now_us = clock_mono_us();
	uint32_t commits = t->index ? wal_index_commits(t->index) : 0;

	if (tries == 0) {
		t->since_us = now_us;
		t->tries = 0;
	} else if (commits != t->commits) {
		t->tries = AT_ONCE;
	}
	t->commits = commits;
	if (now_us - t->since_us >= (uint64_t)t->patience_ms * 1000)
		return 0;
	if (t->tries > 0)
		t->tries--;
	else
		rest(tries);
	return 1;
}
