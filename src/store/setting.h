/* SPDX-License-Identifier: MIT
 * setting.h - named values of the file itself, and the number of its configuration.
 *
 * Owns:    nothing; writes run inside the caller's transaction.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     schema/schema.sql (setting). */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H

#include "store/db.h"

MUST_CHECK enum err_code setting_int(struct db *db, const char *name, int64_t otherwise,
				     int64_t *out, struct err *e);
MUST_CHECK enum err_code setting_set_int(struct db *db, const char *name, int64_t value,
					 struct err *e);

/* Part of every change of the configuration, so that a running relay notices it. */
MUST_CHECK enum err_code config_bump(struct db *db, struct err *e);

#endif
