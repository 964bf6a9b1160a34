/* SPDX-License-Identifier: MIT */
#include "store/advice.h"

_Static_assert(REASON_CONSENT_DENIED == 130, "a statement below names it by number");

enum err_code advice_add(struct db *db, enum reason reason, struct buf *out,
			 struct err *e)
{
	sqlite3_stmt *s;
	bool row;

	if (db_prepare(db,
		       "SELECT CASE WHEN id = 130 AND EXISTS " ADVICE_STRICT_ONES
		       " THEN '" ADVICE_STRICT "' ELSE advice END FROM reason "
		       "WHERE id = ?1",
		       &s, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(s, 1, (int)reason);
	if (db_step(db, s, &row, e) == ERR_OK && row)
		buf_adds(out, db_column(s, 0));
	sqlite3_finalize(s);
	return e->code;
}
