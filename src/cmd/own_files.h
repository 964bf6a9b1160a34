/* SPDX-License-Identifier: MIT
 * own_files.h - the database's files and the key's, which no verb reads as input or writes over.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none: what cannot be looked at is not ours.
 * See:     enqueue.c and outfile.c, who ask. */
#ifndef CMD_OWN_FILES_H
#define CMD_OWN_FILES_H

#include <stdbool.h>

/* By whatever name. Opening and closing the database's files ourselves would also drop the
 * locks that SQLite holds. */
bool own_files_are_database(const char *db_path, const char *path);

/* The files of the database, the key's, the lock, the admin page's: those that are there, and
 * the names of those that are not yet. */
bool own_files_have(const char *db_path, const char *path);

#endif
