/* SPDX-License-Identifier: MIT
 * vfs.h - SQLite's files on the world's disk: every call is a place where the seed may end the
 * life, hold up the thread, or fail.
 *
 * Owns:    locks and shared memory of this process.
 * Thread:  one.
 * Errors:  SQLite's. */
#ifndef SIM_VFS_H
#define SIM_VFS_H

/* Makes it the default: sqlite3_open_v2 finds it without being told. */
void vfs_register(void);

#endif
