/* SPDX-License-Identifier: MIT
 * lock.h - one relay a database: a lock file beside it, held by the kernel until the process
 * ends, however it ends.
 *
 * Owns:    the descriptor, from lock_take to lock_drop.
 * Thread:  any.
 * Errors:  NOINPUT, PERM; BUSY another relay runs, with its process id; CANTCREAT, IO.
 * See:     fcntl_locking(2), open file description locks. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define LOCK_ENDPOINT_MAX 400

struct lock {
	int fd;
	dev_t dev; /* of the database file when the lock was taken */
	ino_t ino;
	ino_t wal_ino, shm_ino; /* 0: not noted */
	int refusal;            /* as marked */
	char path[1024];        /* of the database, symbolic links resolved */
};

/* The relay that runs on a database, as far as its lock file tells. */
struct lock_holder {
	long pid;         /* 0: none runs, -1: the lock file is another user's */
	int refusal;      /* as marked */
	int64_t since_ms; /* Unix time: when it took the lock; 0: not known */
	char endpoint[LOCK_ENDPOINT_MAX]; /* where it sends to; "": it has not said */
};

/* Finds the real file, so that a symbolic link is no second database. Writes nothing. */
MUST_CHECK enum err_code lock_find(struct lock *lock, const char *db_path, struct err *e);

/* Takes what was found. */
MUST_CHECK enum err_code lock_take(struct lock *lock, struct err *e);
void lock_drop(struct lock *lock);

/* Writes into the lock file where its holder sends to, for whoever looks. */
MUST_CHECK enum err_code lock_tell(struct lock *lock, const char *endpoint,
				   struct err *e);

/* Lets whoever looks know that the holder cannot write to the database, and nothing is sent:
 * why, as the system numbers its errors (EDQUOT); LOCK_REFUSAL_OTHER where no number is known,
 * 0 where it can again. */
#define LOCK_REFUSAL_OTHER 4095
void lock_mark(struct lock *lock, int refusal);

void lock_look(const char *db_path, struct lock_holder *out);

/* The database is open: from now on its -wal and -shm are to stay, too. */
void lock_note_companions(struct lock *lock);

/* Whether the path still names the files that were locked: writing to a deleted or replaced
 * database succeeds and is lost. */
bool lock_same_file(const struct lock *lock);

/* Whether the lock file is still the one that is held: who takes another is not kept out. */
bool lock_same_lock(const struct lock *lock);

#endif
