/* SPDX-License-Identifier: MIT */
#include "store/difference.h"

/* The payload may be bytes, and anything may have been written over it since it was read. Producers
 * wait meanwhile: one above 16 KiB tells nothing. */
#define MEMBER(row, path, type)                                                          \
	"CAST(CASE WHEN length(CAST(" row ".payload AS BLOB)) <= 16384 "                 \
	"AND json_valid(CAST(" row ".payload AS TEXT)) THEN "                            \
	"json_extract(CAST(" row ".payload AS TEXT), '$.properties." path "') END "      \
	"AS " type ")"
#define DIFFER(path, type) MEMBER("a", path, type) " <> " MEMBER("b", path, type)

enum err_code difference_find(struct db *db, int64_t first, int64_t second, bool *differs,
			      struct err *e)
{
	sqlite3_stmt *stmt;

	*differs = false;
	if (db_kept(db,
		    "SELECT 1 FROM outbox a CROSS JOIN outbox b WHERE a.id = ?1 "
		    "AND b.id = ?2 AND (" DIFFER("order_id", "TEXT") " OR " DIFFER(
			    "value", "REAL") ")",
		    &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, first);
	sqlite3_bind_int64(stmt, 2, second);
	e->code = db_step(db, stmt, differs, e);
	sqlite3_reset(stmt);
	return e->code;
}
