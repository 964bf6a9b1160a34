/* SPDX-License-Identifier: MIT
 * migrate.h - brings a file to the schema of this binary, and refuses what it cannot
 * know.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  DATA the file lacks tables of convey's or holds others of their names; CONFIG the
 * schema is newer than this binary, or (migrate_check) older or absent; CORRUPT an
 * applied migration has changed; else the database's. See:     migrations/;
 * schema/schema.sql, where they end. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/db.h"

struct migration {
	int version; /* 1, 2, … without a gap */
	const char *name;
	const char *sha256; /* of the file, lower-case hex */
	const char *sql;
};

extern const struct migration migrations[]; /* made by tools/embed_sql */
extern const int migration_count;
extern const char
	*const migration_names[]; /* the tables and views they leave, up to NULL */

/* Applies what is missing, each in a transaction of its own; *applied counts them. A file
 * with a queue in it is first copied (store/backup.h). A dry run applies nothing. */
MUST_CHECK enum err_code migrate(struct db *db, bool dry_run, int *applied,
				 struct err *e);

/* For every verb but init: the file must be at this binary's schema. Writes nothing. */
MUST_CHECK enum err_code migrate_check(struct db *db, struct err *e);

#endif
