/* SPDX-License-Identifier: MIT
 * db_value.h - what goes into a statement and comes out of it.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  none; a value that cannot be bound fails the statement's next step.
 * See:     store/db.h, which prepares and steps. */
#ifndef STORE_DB_VALUE_H
#define STORE_DB_VALUE_H

#include <stdint.h>

#include <sqlite3.h>

#include "base/str.h"

/* A column's bytes, valid until the statement moves; NULL is no bytes. */
struct str db_column(sqlite3_stmt *stmt, int column);
/* Binds text that stays where it is until the statement is reset; p == NULL is NULL. */
void db_bind(sqlite3_stmt *stmt, int at, struct str text);
/* Binds NULL where value == none. */
void db_bind_unless(sqlite3_stmt *stmt, int at, int64_t value, int64_t none);

#endif
