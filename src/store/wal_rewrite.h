/* SPDX-License-Identifier: MIT
 * wal_rewrite.h - what of the WAL is in memory and not on the disk.
 *
 * A sync that failed leaves pages that the kernel counts as written: they can be read, later syncs
 * succeed without them, and a power cut takes them and all that was committed behind them. No
 * process that opens the file can tell. So the WAL is written once more, over itself, and
 * synced, before anything is committed behind it.
 *
 * Owns:    nothing.
 * Thread:  the connection's; outside a transaction.
 * Errors:  SYNC the disk still does not keep it; else the database's. */
#ifndef STORE_WAL_REWRITE_H
#define STORE_WAL_REWRITE_H

#include "store/db.h"

/* A longer one stays as it is: producers wait meanwhile. */
#define WAL_REWRITE_MAX (64 * 1024 * 1024)

MUST_CHECK enum err_code wal_rewrite(struct db *db, struct err *e);

#endif
