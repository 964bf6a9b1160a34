/* SPDX-License-Identifier: MIT
 * memory.h - an empty database in memory, at this binary's schema: a configuration can be
 * tried there by the same code that writes the file.
 *
 * Owns:    the connection, until db_close.
 * Thread:  the connection's.
 * Errors:  the database's. */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include "store/db.h"

MUST_CHECK enum err_code memory_open(struct db *db, struct err *e);

#endif
