/* SPDX-License-Identifier: MIT */
#include "store/wal_rewrite.h"

#include <stdlib.h>

/* SQLite's own writing takes less than 128 KiB at a time, and says that the disk is full where it is
 * given more. */
enum { CHUNK = 64 * 1024 };

static int rewrite(sqlite3_file *wal, sqlite3_int64 size)
{
	char *chunk = malloc(CHUNK);
	int rc = SQLITE_OK;

	if (!chunk)
		abort();
	for (sqlite3_int64 at = 0; at < size && rc == SQLITE_OK; at += CHUNK) {
		int len = size - at < CHUNK ? (int)(size - at) : CHUNK;

		rc = wal->pMethods->xRead(wal, chunk, len, at);
		if (rc == SQLITE_OK)
			rc = wal->pMethods->xWrite(wal, chunk, len, at);
	}
	free(chunk);
	return rc == SQLITE_OK ? wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL) : rc;
}

/* Whose write lock is held, so that nobody appends to it or begins it anew. */
static int rewrite_locked(struct db *db)
{
	sqlite3_file *wal = NULL;
	sqlite3_int64 size = 0;
	int rc = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER,
				      &wal);

	if (rc != SQLITE_OK || !wal || !wal->pMethods)
		return rc;
	rc = wal->pMethods->xFileSize(wal, &size);
	if (rc != SQLITE_OK || size == 0 || size > WAL_REWRITE_MAX)
		return rc;
	return rewrite(wal, size);
}

enum err_code wal_rewrite(struct db *db, struct err *e)
{
	int rc;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	rc = rewrite_locked(db);
	db_rollback(db);
	if (rc != SQLITE_OK)
		return err_set(e, rc == SQLITE_IOERR_FSYNC ? ERR_SYNC : ERR_IO,
			       "write the WAL once more: %s (SQLite %d)",
			       sqlite3_errstr(rc), rc);
	return ERR_OK;
}
