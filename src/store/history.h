/* SPDX-License-Identifier: MIT
 * history.h - what the file remembers about one row of the outbox.
 *
 * Owns:    a statement each, until rows_close.
 * Thread:  the connection's; a connection that may use views (DB_READ).
 * Errors:  the database's.
 * See:     schema/schema.sql (outbox_status, delivery_status, attempt_log). */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/rows.h"

/* The columns of outbox_status: id, event_id, event, status, reason, created_at; then whether
 * the event_id was derived. */
MUST_CHECK enum err_code history_row(struct db *db, int64_t outbox_id, struct rows *out,
				     struct err *e);

/* destination, status, reason, advice, attempts, first_sent_at, next_attempt_at (in words where
 * the destination waits for a person), delivered_at,
 * tiktok_event, limited_data_use, conversion_date_time; a row each. */
MUST_CHECK enum err_code history_deliveries(struct db *db, int64_t outbox_id,
					    struct rows *out, struct err *e);

/* The columns of attempt_log: the requests that carried the row, of those that went to a
 * destination lately: the last 20,000 before its last one. */
MUST_CHECK enum err_code history_attempts(struct db *db, int64_t outbox_id,
					  struct rows *out, struct err *e);

/* How many rows bear the id of this one that holds it, with itself, besides `shown`. */
MUST_CHECK enum err_code history_more(struct db *db, int64_t outbox_id, int shown,
				      int64_t *more, struct err *e);

/* Whether the row ended as another's duplicate. */
MUST_CHECK enum err_code history_is_duplicate(struct db *db, int64_t outbox_id, bool *out,
					      struct err *e);

#endif
