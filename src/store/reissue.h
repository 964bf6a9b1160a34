/* SPDX-License-Identifier: MIT
 * reissue.h - rows that were given an id which another row had before them.
 *
 * Somebody empties outbox and sqlite_sequence: ids begin again, and what comes then stands below
 * the cursor, under the outcomes of rows that are gone. Where that is certain such rows get the
 * next free ids and are read as what they are: new.
 *
 * Owns:    nothing; transactions of its own.
 * Thread:  the writer's, at the start, before anything else is read.
 * Errors:  DATA ids began again and whose they are cannot be told; else the database's.
 * See:     intact.h, which ends a relay under which that happens. */
#ifndef STORE_REISSUE_H
#define STORE_REISSUE_H

#include "store/db.h"

/* *moved: how many rows have another id now. A look at one row where nothing has happened. */
MUST_CHECK enum err_code reissue_ids(struct db *db, int64_t *moved, struct err *e);

#endif
