/* SPDX-License-Identifier: MIT */
#include "hook_vfs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct hooked_file {
	sqlite3_file base;
	sqlite3_file *real;
	enum vfs_file file;
	int serial;
};

static struct {
	sqlite3_vfs vfs, *unix_vfs;
	vfs_hook *hook;
	void *arg;
	int opened;
	bool halve; /* the next pread of the system */
	ssize_t (*pread)(int fd, void *to, size_t n, off_t at);
} state;

#define REAL(f) (((struct hooked_file *)(f))->real)
#define CALL(f, method, ...) REAL(f)->pMethods->method(REAL(f), __VA_ARGS__)

static int ask(const struct vfs_op *op)
{
	return state.hook ? state.hook(state.arg, op) : SQLITE_OK;
}

static struct vfs_op op_of(sqlite3_file *f, enum vfs_call call)
{
	const struct hooked_file *h = (struct hooked_file *)f;

	return (struct vfs_op){.call = call, .file = h->file, .serial = h->serial};
}

static int ask_of(sqlite3_file *f, enum vfs_call call)
{
	struct vfs_op op = op_of(f, call);

	return ask(&op);
}

static int close_(sqlite3_file *f)
{
	int rc = REAL(f)->pMethods->xClose(REAL(f));

	free(REAL(f));
	return rc;
}

static int read_(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	struct vfs_op op = op_of(f, VFS_READ);
	int rc;

	op.at = at;
	op.len = n;
	rc = ask(&op);
	if (rc == SQLITE_IOERR_SHORT_READ && op.file == VFS_MAIN) {
		state.halve = true;
		rc = SQLITE_OK;
	}
	return rc != SQLITE_OK ? rc : CALL(f, xRead, to, n, at);
}

static int write_(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	struct vfs_op op = op_of(f, VFS_WRITE);
	int rc;

	op.at = at;
	op.len = n;
	op.bytes = from;
	rc = ask(&op);
	if (rc != SQLITE_OK)
		CALL(f, xWrite, from, n / 2, at);
	return rc != SQLITE_OK ? rc : CALL(f, xWrite, from, n, at);
}

static int truncate_(sqlite3_file *f, sqlite3_int64 size)
{
	struct vfs_op op = op_of(f, VFS_TRUNCATE);
	int rc;

	op.at = size;
	rc = ask(&op);
	return rc != SQLITE_OK ? rc : CALL(f, xTruncate, size);
}

static int sync_(sqlite3_file *f, int flags)
{
	int rc = ask_of(f, VFS_SYNC);

	return rc != SQLITE_OK ? rc : CALL(f, xSync, flags);
}

static int size_(sqlite3_file *f, sqlite3_int64 *size)
{
	return CALL(f, xFileSize, size);
}

static int lock_(sqlite3_file *f, int lock)
{
	int rc = ask_of(f, VFS_LOCK);

	return rc != SQLITE_OK ? rc : CALL(f, xLock, lock);
}

static int unlock_(sqlite3_file *f, int lock)
{
	return CALL(f, xUnlock, lock);
}

static int check_lock(sqlite3_file *f, int *out)
{
	return CALL(f, xCheckReservedLock, out);
}

static int control(sqlite3_file *f, int op, void *arg)
{
	return CALL(f, xFileControl, op, arg);
}

static int sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int device(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	int rc = ask_of(f, VFS_SHM_MAP);

	return rc != SQLITE_OK ? rc : CALL(f, xShmMap, page, size, extend, out);
}

static int shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	int rc = flags & SQLITE_SHM_LOCK ? ask_of(f, VFS_SHM_LOCK) : SQLITE_OK;

	return rc != SQLITE_OK ? rc : CALL(f, xShmLock, offset, n, flags);
}

static void shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int shm_unmap(sqlite3_file *f, int delete)
{
	return CALL(f, xShmUnmap, delete);
}

static int fetch(sqlite3_file *f, sqlite3_int64 at, int n, void **out)
{
	return CALL(f, xFetch, at, n, out);
}

static int unfetch(sqlite3_file *f, sqlite3_int64 at, void *page)
{
	int rc = ask_of(f, VFS_UNFETCH);

	return rc != SQLITE_OK ? rc : CALL(f, xUnfetch, at, page);
}

static const sqlite3_io_methods methods = {
	3,        close_,      read_,      write_,  truncate_, sync_,  size_,
	lock_,    unlock_,     check_lock, control, sector,    device, shm_map,
	shm_lock, shm_barrier, shm_unmap,  fetch,   unfetch,
};

static int open_(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
		 int *out)
{
	struct hooked_file *f = (struct hooked_file *)file;
	struct vfs_op op = {.call = VFS_OPEN, .name = name};
	int rc;

	(void)vfs;
	f->base.pMethods = NULL;
	f->file = flags & SQLITE_OPEN_MAIN_DB ? VFS_MAIN
		  : flags & SQLITE_OPEN_WAL   ? VFS_WAL
					      : VFS_OTHER;
	op.file = f->file;
	op.serial = f->serial = ++state.opened;
	rc = ask(&op);
	if (rc != SQLITE_OK)
		return rc;
	f->real = calloc(1, (size_t)state.unix_vfs->szOsFile);
	if (!f->real)
		return SQLITE_NOMEM;
	rc = state.unix_vfs->xOpen(state.unix_vfs, name, f->real, flags, out);
	if (f->real->pMethods)
		f->base.pMethods = &methods;
	else
		free(f->real);
	return rc;
}

static int delete_(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	struct vfs_op op = {.call = VFS_DELETE, .file = VFS_OTHER, .name = name};
	size_t len = strlen(name);
	int rc;

	(void)vfs;
	if (len > 4 && strcmp(name + len - 4, "-wal") == 0)
		op.file = VFS_WAL;
	rc = ask(&op);
	return rc != SQLITE_OK
		       ? rc
		       : state.unix_vfs->xDelete(state.unix_vfs, name, sync_folder);
}

static ssize_t short_pread(int fd, void *to, size_t n, off_t at)
{
	bool halve = state.halve;

	state.halve = false;
	return state.pread(fd, to, halve && n > 1 ? n / 2 : n, at);
}

/* SQLite calls what it was built with. */
static void take_pread(void)
{
	static const char *const names[] = {"pread", "pread64"};

	for (int i = 0; i < 2; i++) {
		sqlite3_syscall_ptr real =
			state.unix_vfs->xGetSystemCall(state.unix_vfs, names[i]);

		if (real)
			state.pread = (ssize_t(*)(int, void *, size_t, off_t))real;
		if (real)
			state.unix_vfs->xSetSystemCall(state.unix_vfs, names[i],
						       (sqlite3_syscall_ptr)short_pread);
	}
}

void hook_vfs(vfs_hook *hook, void *arg)
{
	state.hook = hook;
	state.arg = arg;
	if (state.unix_vfs)
		return;
	state.unix_vfs = sqlite3_vfs_find("unix");
	take_pread();
	state.vfs = *state.unix_vfs;
	state.vfs.zName = "hooked";
	state.vfs.szOsFile = sizeof(struct hooked_file);
	state.vfs.xOpen = open_;
	state.vfs.xDelete = delete_;
	sqlite3_vfs_register(&state.vfs, 1);
}
