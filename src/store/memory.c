/* SPDX-License-Identifier: MIT */
#include "store/memory.h"

#include <stdio.h>

#include "store/migrate.h"

enum err_code memory_open(struct db *db, struct err *e)
{
	int applied;

	*db = (struct db){.handle = NULL};
	snprintf(db->path, sizeof(db->path), ":memory:");
	if (sqlite3_open_v2(db->path, &db->handle,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		db_err(db, e, "a database in memory");
	else
		e->code = migrate(db, false, &applied, e);
	if (e->code != ERR_OK)
		db_close(db);
	return e->code;
}
