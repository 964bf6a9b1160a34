/* SPDX-License-Identifier: MIT
 * wal_index.h - what the WAL-index in shared memory tells, without a transaction: whether
 * anybody committed, and how far the checkpoints are.
 *
 * Owns:    nothing: the memory is the connection's, and there until it is closed.
 * Thread:  wal_index_open the connection's; the rest any, while the connection is open.
 * Errors:  none; false where there is no WAL.
 * See:     https://www.sqlite.org/walformat.html, the WAL-index. */
#ifndef STORE_WAL_INDEX_H
#define STORE_WAL_INDEX_H

#include "store/db.h"

struct wal_index {
	volatile const unsigned char *head; /* NULL: there is none */
};

/* Both salts, frames in the database, frames that were to be. */
struct wal_index_progress {
	uint32_t salt[2], backfill, attempted;
};

bool wal_index_open(struct wal_index *w, struct db *db);

/* Goes up by one with each commit of anybody that changed something. */
uint32_t wal_index_commits(const struct wal_index *w);

/* In the WAL and not in the database. */
uint32_t wal_index_frames(const struct wal_index *w);

void wal_index_progress(const struct wal_index *w, struct wal_index_progress *out);

#endif
