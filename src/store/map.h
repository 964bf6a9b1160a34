/* SPDX-License-Identifier: MIT
 * map.h - the event map in the file: which of the producer's events are sent, as what.
 *
 * Owns:    nothing; writes run inside the caller's transaction and bump the
 * configuration. Thread:  the connection's. Errors:  USAGE a name that cannot be one;
 * NOINPUT no such row; else the database's. See:     core/event_map.h, how names are
 * looked up. */
#ifndef STORE_MAP_H
#define STORE_MAP_H

#include "base/buf.h"
#include "store/rows.h"

/* The defaults, once in a file's life; *added counts them. */
MUST_CHECK enum err_code map_fill(struct db *db, int *added, struct err *e);

/* destination_id 0: for all of them. */
MUST_CHECK enum err_code map_set(struct db *db, const char *event,
				 const char *tiktok_event, int32_t destination_id,
				 struct err *e);
/* With 0 the row for all; where there is none, those of destinations. */
MUST_CHECK enum err_code map_remove(struct db *db, const char *event,
				    int32_t destination_id, struct err *e);

/* Appends the destinations that have a row of their own for the event, with commas. */
MUST_CHECK enum err_code map_owners(struct db *db, const char *event, struct buf *out,
				    struct err *e);

/* Columns: event, tiktok_event, destination (NULL: all). */
MUST_CHECK enum err_code map_list(struct db *db, struct rows *out, struct err *e);

#endif
