/* SPDX-License-Identifier: MIT
 * vfs_lock.h - the locks of a database file and the shared memory of its WAL, among the
 * connections of this process: all of them, as every process of a life is in here.
 *
 * Owns:    the shared memory, while a connection has it.
 * Thread:  one.
 * Errors:  SQLITE_BUSY.
 * See:     https://www.sqlite.org/c3ref/io_methods.html */
#ifndef SIM_VFS_LOCK_H
#define SIM_VFS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct disk_file;
struct node;

struct locker {
	struct node *node;
	int level;
	bool mapped;
	uint16_t shared, exclusive; /* locks of the shared memory, a bit each */
};

void locker_init(struct locker *l, struct disk_file *f);
void locker_fini(struct locker *l);
int locker_lock(struct locker *l, int level);
void locker_unlock(struct locker *l, int level);
bool locker_reserved(const struct locker *l);

/* NULL where there is none and it is not to be made. */
void *locker_region(struct locker *l, int region, int size, bool extend);
int locker_shm(struct locker *l, int at, int count, int flags);
void locker_unmap(struct locker *l);

#endif
