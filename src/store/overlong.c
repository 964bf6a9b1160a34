/* SPDX-License-Identifier: MIT */
#include "store/overlong.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16, OVERLAP = 1 << 10, BLANK = 4096 };

static enum err_code open_value(const struct overlong *o, int writes,
				sqlite3_blob **value, struct err *e)
{
	e->code = ERR_OK;
	if (sqlite3_blob_open(o->db->handle, "main", o->table, o->column, o->id, writes,
			      value) != SQLITE_OK)
		db_err(o->db, e, "database");
	return e->code;
}

static int search(sqlite3_blob *value, char *piece, overlong_fn *fn, void *arg,
		  bool *told)
{
	int len = sqlite3_blob_bytes(value), rc = SQLITE_OK;

	for (int at = 0; at < len && rc == SQLITE_OK && !*told; at += PIECE - OVERLAP) {
		int part = len - at < PIECE ? len - at : PIECE;

		rc = sqlite3_blob_read(value, piece + 1, part, at);
		if (rc == SQLITE_OK)
			*told = fn(arg, str_make(piece + 1, (size_t)part), at == 0);
	}
	return rc;
}

enum err_code overlong_search(const struct overlong *o, overlong_fn *fn, void *arg,
			      bool *told, struct err *e)
{
	sqlite3_blob *value = NULL;
	char *piece = malloc(PIECE + 1);

	if (!piece)
		abort();
	piece[0] = '?';
	*told = false;
	if (open_value(o, 0, &value, e) == ERR_OK &&
	    search(value, piece, fn, arg, told) != SQLITE_OK)
		db_err(o->db, e, "database");
	sqlite3_blob_close(value);
	free(piece);
	return e->code;
}

static int blank(sqlite3_blob *value)
{
	char spaces[BLANK];
	int len = sqlite3_blob_bytes(value), rc = SQLITE_OK;

	memset(spaces, ' ', sizeof(spaces));
	for (int at = 0; at < len && rc == SQLITE_OK; at += BLANK)
		rc = sqlite3_blob_write(value, spaces,
					len - at < BLANK ? len - at : BLANK, at);
	return rc;
}

enum err_code overlong_blank(const struct overlong *o, struct err *e)
{
	sqlite3_blob *value = NULL;

	if (open_value(o, 1, &value, e) == ERR_OK && blank(value) != SQLITE_OK)
		db_err(o->db, e, "database");
	sqlite3_blob_close(value);
	return e->code;
}
