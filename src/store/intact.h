/* SPDX-License-Identifier: MIT
 * intact.h - whether the database is still what this relay left: nobody but SQLite has written
 * to the file, and what the relay wrote last is in it. A backup that is copied over a database
 * in use is told by the first, one that is restored through SQLite by the second.
 *
 * Owns:    its statement, from intact_open to intact_close.
 * Thread:  the writer's; intact_check and intact_about_to_commit inside its transaction.
 * Errors:  NOINPUT overwritten, restored or emptied, CONFIG migrated, and what to do; else the database's.
 * See:     https://www.sqlite.org/walformat.html, the WAL-index. */
#ifndef STORE_INTACT_H
#define STORE_INTACT_H

#include <stdbool.h>
#include <time.h>

#include "store/wal_index.h"

/* Where the relay is in the outbox: nobody else moves it. */
struct intact_position {
	int64_t cursor, attempt_id;
	int64_t last_row; /* of the outbox, ever */
	int schema;
};

/* The file as a checkpoint left it. The WAL-index tells of every checkpoint: a file that was
 * written while this stayed was not written by SQLite. */
struct intact_file {
	struct timespec written;
	int64_t size;
	struct wal_index_progress wal;
	bool known;
};

struct intact {
	struct db *db;
	sqlite3_stmt *position;
	struct intact_position kept, next;
	struct intact_file file;
};

MUST_CHECK enum err_code intact_open(struct intact *i, struct db *db, struct err *e);
void intact_close(struct intact *i);

MUST_CHECK enum err_code intact_check(struct intact *i, struct err *e);
/* From any connection, in a transaction: the file is as far as it was known to be. */
MUST_CHECK enum err_code intact_check_rows(struct db *db, int64_t cursor,
					   int64_t last_row, struct err *e);

/* What is to be found from now on: before the commit, and once it has succeeded. */
MUST_CHECK enum err_code intact_about_to_commit(struct intact *i, struct err *e);
void intact_committed(struct intact *i);

#endif
