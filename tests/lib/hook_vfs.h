/* SPDX-License-Identifier: MIT
 * hook_vfs.h - SQLite's calls to the disk, each told to a hook before it is made: which lets it
 * pass, makes it fail, notes what is written, or gives somebody else a turn.
 *
 * Owns:    nothing; the VFS stays for good.
 * Thread:  the hook is called on the caller's.
 * Errors:  the hook's.
 * See:     https://www.sqlite.org/vfs.html */
#ifndef TESTS_HOOK_VFS_H
#define TESTS_HOOK_VFS_H

#include <sqlite3.h>

enum vfs_call {
	VFS_OPEN,
	VFS_DELETE,
	VFS_READ,
	VFS_WRITE,
	VFS_TRUNCATE,
	VFS_SYNC,
	VFS_LOCK,
	VFS_SHM_MAP,
	VFS_SHM_LOCK,
	VFS_UNFETCH, /* a checkpoint has read the state of the WAL, and acts on it next */
	VFS_CALLS
};

enum vfs_file { VFS_MAIN, VFS_WAL, VFS_OTHER, VFS_FILES };

struct vfs_op {
	enum vfs_call call;
	enum vfs_file file;
	const char *name;  /* OPEN, DELETE */
	sqlite3_int64 at;  /* READ, WRITE: where; TRUNCATE: the size */
	int len;           /* READ, WRITE */
	const void *bytes; /* WRITE */
	int serial;        /* which opening of a file, 1, 2, …; 0 for DELETE */
};

/* SQLITE_OK lets the call pass; anything else is its result. A write that fails may have
 * written a part: half of it is. SQLITE_IOERR_SHORT_READ of the database itself is only the
 * system's: its read returns half, and SQLite asks for the rest. */
typedef int vfs_hook(void *arg, const struct vfs_op *op);

/* Makes it the default of this process ("unix" stays what it was). NULL: everything passes. */
void hook_vfs(vfs_hook *hook, void *arg);

#endif
