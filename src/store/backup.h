/* SPDX-License-Identifier: MIT
 * backup.h - a copy of the database beside it, as it was before its schema changes.
 *
 * It comes to PATH.bak-vN whole or not at all, with the owner of the database and mode 0600: what
 * waits in it is as its producers wrote it. An older copy of the version gives way.
 *
 * Owns:    nothing.
 * Thread:  the connection's; others may copy at the same time.
 * Errors:  CANTCREAT no file can be made there; IO, and the database's. */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/db.h"

struct backup {
	char path[sizeof(((struct db *)0)->path) + 40]; /* of the unfinished copy */
	int fd;                                         /* holds its lock */
};

/* Copies to PATH.bak-vN.part; waits where another process does. */
MUST_CHECK enum err_code backup_make(struct db *db, int version, struct backup *b,
				     struct err *e);

/* Gives the copy its name. */
MUST_CHECK enum err_code backup_keep(struct backup *b, struct err *e);

/* Removes it, as another process was faster. */
void backup_drop(struct backup *b);

#endif
