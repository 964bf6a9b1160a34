/* SPDX-License-Identifier: MIT */
#include "vfs_lock.h"

#include <assert.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "disk.h"

enum { REGIONS = 16 };

struct node {
	struct disk_file *file;
	int shared; /* connections at SHARED and above */
	struct locker *reserved, *pending, *exclusive;
	int mapped; /* connections */
	void *region[REGIONS];
	int shm_shared[SQLITE_SHM_NLOCK];
	struct locker *shm_exclusive[SQLITE_SHM_NLOCK];
};

static struct node nodes[DISK_FILES];

void locker_init(struct locker *l, struct disk_file *f)
{
	struct node *n = nodes;

	while (n->file && n->file != f)
		n++;
	assert(n < nodes + DISK_FILES);
	n->file = f;
	*l = (struct locker){.node = n, .level = SQLITE_LOCK_NONE};
}

void locker_fini(struct locker *l)
{
	locker_unmap(l);
	locker_unlock(l, SQLITE_LOCK_NONE);
}

static bool others(const struct locker *holder, const struct locker *l)
{
	return holder && holder != l;
}

int locker_lock(struct locker *l, int level)
{
	struct node *n = l->node;

	if (l->level >= level)
		return SQLITE_OK;
	if (level == SQLITE_LOCK_SHARED) {
		if (n->pending || n->exclusive)
			return SQLITE_BUSY;
		n->shared++;
	} else if (level == SQLITE_LOCK_RESERVED) {
		if (others(n->reserved, l) || others(n->pending, l))
			return SQLITE_BUSY;
		n->reserved = l;
	} else {
		if (others(n->reserved, l) || others(n->pending, l))
			return SQLITE_BUSY;
		n->pending = l;
		if (l->level < SQLITE_LOCK_PENDING)
			l->level = SQLITE_LOCK_PENDING;
		if (n->shared > 1)
			return SQLITE_BUSY;
		n->exclusive = l;
	}
	l->level = level;
	return SQLITE_OK;
}

void locker_unlock(struct locker *l, int level)
{
	struct node *n = l->node;

	if (l->level <= level)
		return;
	if (n->reserved == l)
		n->reserved = NULL;
	if (n->pending == l)
		n->pending = NULL;
	if (n->exclusive == l)
		n->exclusive = NULL;
	if (level == SQLITE_LOCK_NONE)
		n->shared--;
	l->level = level;
}

bool locker_reserved(const struct locker *l)
{
	return l->node->reserved || l->node->pending;
}

void *locker_region(struct locker *l, int region, int size, bool extend)
{
	struct node *n = l->node;

	assert(region < REGIONS);
	if (!l->mapped) {
		l->mapped = true;
		n->mapped++;
	}
	if (!n->region[region] && extend) {
		n->region[region] = calloc(1, (size_t)size);
		if (!n->region[region])
			abort();
	}
	return n->region[region];
}

static bool is_free(const struct locker *l, int at, bool exclusive)
{
	const struct node *n = l->node;
	bool mine = l->shared & 1 << at;

	if (others(n->shm_exclusive[at], l))
		return false;
	return !exclusive || n->shm_shared[at] == (mine ? 1 : 0);
}

static void release(struct locker *l, int at)
{
	struct node *n = l->node;

	if (l->shared & 1 << at)
		n->shm_shared[at]--;
	if (l->exclusive & 1 << at)
		n->shm_exclusive[at] = NULL;
	l->shared &= (uint16_t) ~(1 << at);
	l->exclusive &= (uint16_t) ~(1 << at);
}

static void take(struct locker *l, int at, bool exclusive)
{
	struct node *n = l->node;

	if (exclusive) {
		n->shm_exclusive[at] = l;
		l->exclusive |= (uint16_t)(1 << at);
	} else if (!(l->shared & 1 << at)) {
		n->shm_shared[at]++;
		l->shared |= (uint16_t)(1 << at);
	}
}

int locker_shm(struct locker *l, int at, int count, int flags)
{
	bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;

	for (int i = at; i < at + count; i++) {
		if (flags & SQLITE_SHM_UNLOCK)
			release(l, i);
		else if (!is_free(l, i, exclusive))
			return SQLITE_BUSY;
	}
	for (int i = at; flags & SQLITE_SHM_LOCK && i < at + count; i++)
		take(l, i, exclusive);
	return SQLITE_OK;
}

void locker_unmap(struct locker *l)
{
	struct node *n = l->node;

	for (int i = 0; i < SQLITE_SHM_NLOCK; i++)
		release(l, i);
	if (!l->mapped)
		return;
	l->mapped = false;
	if (--n->mapped > 0)
		return;
	for (int i = 0; i < REGIONS; i++) {
		free(n->region[i]);
		n->region[i] = NULL;
	}
}
