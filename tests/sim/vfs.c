/* SPDX-License-Identifier: MIT */
#include "vfs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "fiber.h"
#include "loop.h"
#include "vfs_lock.h"
#include "world.h"

struct file {
	sqlite3_file base;
	struct disk_file *disk;
	struct locker locker;
	bool wal;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

static bool strikes(enum trouble t)
{
	const struct spell *spell;

	if (plan_strikes(TROUBLE_STALL, &spell))
		fiber_sleep(chance_skewed(CHANCE_DISK, 1000, SECONDS(3)));
	if (!plan_strikes(t, &spell))
		return false;
	trace("disk", "trouble %d", (int)t);
	return true;
}

static int file_close(sqlite3_file *base)
{
	struct file *f = (struct file *)base;

	locker_fini(&f->locker);
	return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
	const struct disk_image *m = &((struct file *)base)->disk->cache;
	int64_t there = m->exists && at < m->size ? m->size - at : 0;

	fiber_mark(MARK_ANY);
	if (strikes(TROUBLE_READ))
		return SQLITE_IOERR_READ;
	if (there >= len) {
		memcpy(out, m->bytes + at, (size_t)len);
		return SQLITE_OK;
	}
	memset(out, 0, (size_t)len);
	memcpy(out, m->bytes + at, (size_t)there);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 at)
{
	struct file *f = (struct file *)base;

	fiber_mark(MARK_WRITE);
	if (strikes(TROUBLE_WRITE)) {
		disk_write(f->disk, bytes, chance_below(CHANCE_DISK, len), at);
		return SQLITE_IOERR_WRITE;
	}
	if (at + len > f->disk->cache.size && strikes(TROUBLE_FULL))
		return SQLITE_FULL;
	disk_write(f->disk, bytes, len, at);
	if (f->wal)
		loop_written(base_name(f->disk->name));
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *f = (struct file *)base;

	fiber_mark(MARK_WRITE);
	if (strikes(TROUBLE_WRITE))
		return SQLITE_IOERR_TRUNCATE;
	disk_truncate(f->disk, size);
	if (f->wal)
		loop_written(base_name(f->disk->name));
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
	struct file *f = (struct file *)base;

	(void)flags;
	fiber_mark(MARK_SYNC);
	if (world->plan.sync_us)
		fiber_sleep(chance_skewed(CHANCE_DISK, 20, world->plan.sync_us));
	if (strikes(TROUBLE_SYNC)) {
		disk_sync_fails(f->disk);
		return SQLITE_IOERR_FSYNC;
	}
	disk_sync(f->disk);
	fiber_mark(MARK_SYNCED);
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
	*out = ((struct file *)base)->disk->cache.size;
	return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
	fiber_mark(MARK_ANY);
	return locker_lock(&((struct file *)base)->locker, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
	locker_unlock(&((struct file *)base)->locker, level);
	return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *out)
{
	*out = locker_reserved(&((struct file *)base)->locker);
	return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
	(void)base;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *base)
{
	(void)base;
	return 4096;
}

static int file_traits(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shm_map(sqlite3_file *base, int region, int size, int extend,
		   void volatile **out)
{
	fiber_mark(MARK_ANY);
	if (strikes(TROUBLE_SHM))
		return SQLITE_IOERR_SHMMAP;
	*out = locker_region(&((struct file *)base)->locker, region, size, extend);
	return SQLITE_OK;
}

static int shm_lock(sqlite3_file *base, int at, int count, int flags)
{
	fiber_mark(MARK_LOCK);
	if (flags & SQLITE_SHM_LOCK && strikes(TROUBLE_SHM))
		return SQLITE_IOERR_SHMLOCK;
	return locker_shm(&((struct file *)base)->locker, at, count, flags);
}

static void shm_barrier(sqlite3_file *base)
{
	(void)base;
}

static int shm_unmap(sqlite3_file *base, int remove)
{
	(void)remove;
	locker_unmap(&((struct file *)base)->locker);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* What lies in the real folder is only a name: see life.c. */
static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
		    int *out_flags)
{
	struct file *f = (struct file *)base;

	(void)vfs;
	f->base.pMethods = NULL;
	fiber_mark(MARK_ANY);
	assert(path);
	if (strikes(TROUBLE_OPEN))
		return SQLITE_CANTOPEN;
	f->disk = disk_find(
		path, flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB) ? true : false);
	if (!f->disk)
		return SQLITE_CANTOPEN;
	f->wal = flags & SQLITE_OPEN_WAL;
	locker_init(&f->locker, f->disk);
	f->base.pMethods = &methods;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	struct disk_file *f = disk_find(path, false);

	(void)vfs;
	fiber_mark(MARK_WRITE);
	if (!f)
		return SQLITE_IOERR_DELETE_NOENT;
	disk_delete(f);
	if (sync)
		disk_sync(f);
	if (ends_with(path, "-wal"))
		loop_written(base_name(path));
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	const struct disk_file *f = disk_find(path, false);

	(void)vfs;
	*out = f && (flags != SQLITE_ACCESS_EXISTS || f->cache.size > 0);
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int len, char *out)
{
	(void)vfs;
	snprintf(out, (size_t)len, "%s", path);
	return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	for (int i = 0; i < len; i++)
		out[i] = (char)chance(CHANCE_DISK);
	return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	fiber_sleep(us);
	return us;
}

static int vfs_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	*out = world_wall_ms() + INT64_C(210866760000000);
	return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
	sqlite3_int64 ms;

	vfs_time_ms(vfs, &ms);
	*out = (double)ms / 86400000.0;
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	(void)len;
	(void)out;
	return 0;
}

void vfs_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof(struct file),
		.mxPathname = 512,
		.zName = "sim",
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
		.xCurrentTimeInt64 = vfs_time_ms,
		.xGetLastError = vfs_last_error,
	};

	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}
