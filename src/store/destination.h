/* SPDX-License-Identifier: MIT
 * destination.h - where conversions go: an account's event source and how to treat it.
 *
 * A new one waits (needs_token) until a token is set. A removed one keeps its row, because
 * deliveries point to it; adding its name again revives it with fresh settings.
 *
 * Owns:    nothing; writes run inside the caller's transaction and bump the configuration.
 * Thread:  the connection's.
 * Errors:  USAGE a setting that cannot be; NOINPUT no such destination; DATA it exists
 *          already; BUSY it still has rows to send; else the database's.
 * See:     schema/schema.sql (destination); config.h, as the relay reads it. */
#ifndef STORE_DESTINATION_H
#define STORE_DESTINATION_H

#include <stddef.h>

#include "store/rows.h"

#define DESTINATION_NAME_MAX 63

/* "timezone", "Europe/Berlin": named as the option that sets it, without dashes. */
struct destination_setting {
	const char *name, *value;
};

/* `settings` has source and id at least. */
MUST_CHECK enum err_code destination_add(struct db *db, const char *name,
					 const struct destination_setting *settings,
					 size_t count, struct err *e);
MUST_CHECK enum err_code destination_find(struct db *db, const char *name, int32_t *id,
					  struct err *e);
MUST_CHECK enum err_code destination_set(struct db *db, int32_t id,
					 const struct destination_setting *settings,
					 size_t count, struct err *e);
MUST_CHECK enum err_code destination_pause(struct db *db, int32_t id, bool paused,
					   struct err *e);

/* Refused while rows wait for it or are in flight; erases its credentials. */
MUST_CHECK enum err_code destination_remove(struct db *db, int32_t id, struct err *e);

/* It has a token now: ends needs_token, token_refused and permission. */
MUST_CHECK enum err_code destination_token_set(struct db *db, int32_t id, struct err *e);

/* Every setting in a column, state and time of the token; never a secret. id 0: all. */
MUST_CHECK enum err_code destination_rows(struct db *db, int32_t id, struct rows *out,
					  struct err *e);

/* The name of the one that was added first of those that are there, if any: its zone is that of
 * times that belong to none. */
MUST_CHECK enum err_code destination_first(struct db *db, struct rows *out,
					   struct err *e);

/* How many columns of destination_rows make a table that fits a screen. */
#define DESTINATION_SHOWN 7

#endif
