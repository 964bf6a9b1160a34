/* SPDX-License-Identifier: MIT
 * db.h - one connection to the database: opened the same way everywhere, codes translated once.
 *
 * Owns:    the connection, from db_open to db_close; statements belong to who prepared them.
 * Thread:  one at a time.
 * Errors:  NOINPUT no such file; DATA no database, or not convey's; BUSY locked by others; IO
 *          disk, full disk; SYNC what was written may be lost, what failed may be there; CORRUPT
 *          damaged; PERM owner or mode; CONFIG newer schema.
 * See:     https://www.sqlite.org/rescode.html */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>

#include "base/err.h"
#include "store/db_value.h"
#include "store/turn.h"

#define DB_APPLICATION_ID 0x636f6e76 /* "conv" */

enum db_mode {
	DB_READ,   /* for looking only: the views may be used */
	DB_WRITE,  /* the file exists */
	DB_CREATE, /* DB_WRITE, and an absent file is created with mode 0600 */
};

#define DB_KEPT 8

struct db {
	sqlite3 *handle;
	sqlite3_stmt *kept[DB_KEPT]; /* of db_kept */
	unsigned kept_next;
	struct turn turn; /* while others have it locked */
	int refusal;      /* of the disk, when SQLite last failed at it; 0: not known */
	char path[1024];
};

/* Opens and checks that the file is a database. */
MUST_CHECK enum err_code db_open(struct db *db, const char *path, enum db_mode mode,
				 struct err *e);
void db_close(struct db *db);
/* An application may have changed the journal mode; BUSY where others have the file open. */
MUST_CHECK enum err_code db_use_wal(struct db *db, struct err *e);
/* After a failed sync: db_close is to leave the WAL as it is, as a checkpoint would sync it. */
void db_keep_wal(struct db *db);
/* NOINPUT, and how to make it. */
enum err_code db_absent(const char *path, struct err *e);

MUST_CHECK enum err_code db_exec(struct db *db, const char *sql, struct err *e);
/* Prepares one statement for many uses; sqlite3_finalize(*out) when done. */
MUST_CHECK enum err_code db_prepare(struct db *db, const char *sql, sqlite3_stmt **out,
				    struct err *e);

/* The same, kept by the connection for the next who asks; reset it when done, and do not ask
 * again before. */
MUST_CHECK enum err_code db_kept(struct db *db, const char *sql, sqlite3_stmt **out,
				 struct err *e);

/* Runs a prepared statement that returns no row, and resets it. */
MUST_CHECK enum err_code db_run(struct db *db, sqlite3_stmt *stmt, struct err *e);

/* Steps to the next row: *row tells whether there is one. Reset is the caller's. */
MUST_CHECK enum err_code db_step(struct db *db, sqlite3_stmt *stmt, bool *row,
				 struct err *e);
/* BEGIN IMMEDIATE: waits for other writers, at most the busy timeout. */
MUST_CHECK enum err_code db_begin(struct db *db, struct err *e);
MUST_CHECK enum err_code db_commit(struct db *db, struct err *e);
/* Without effect where no transaction is open. */
void db_rollback(struct db *db);

/* The integer that a statement gives; `otherwise` where there is no row or NULL. */
MUST_CHECK enum err_code db_int(struct db *db, const char *sql, int64_t otherwise,
				int64_t *out, struct err *e);

/* Fills e from the connection's last error. */
enum err_code db_err(struct db *db, struct err *e, const char *what);

#endif
