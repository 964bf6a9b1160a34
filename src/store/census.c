/* SPDX-License-Identifier: MIT */
#include "store/census.h"

enum err_code census_counts(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(
		out, db,
		"SELECT coalesce(t.name, '') AS destination, st.word AS status, "
		"coalesce(r.word, '') AS reason, k.count AS count FROM counter k "
		"LEFT JOIN destination t ON t.id = k.destination_id "
		"JOIN status st ON st.id = k.state / 16 LEFT JOIN reason r ON r.id = "
		"k.state UNION ALL "
		"SELECT t.name, 'sending', '', sum(a.events) FROM attempt a "
		"JOIN destination t ON t.id = a.destination_id "
		"WHERE a.outcome IS NULL GROUP BY t.id ORDER BY 1, 2, 3",
		e);
}

enum err_code census_backlog(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(out, db,
			 "SELECT destination, pending + sending + retrying, "
			 "oldest_pending_s, state FROM queue_status ORDER BY destination",
			 e);
}

enum err_code census_unclaimed(struct db *db, int64_t *out, struct err *e)
{
	return db_int(db, "SELECT count FROM unclaimed", 0, out, e);
}

enum err_code census_quarters(struct db *db, int64_t first, struct str name,
			      struct rows *out, struct err *e)
{
	if (rows_open(out, db,
		      "SELECT quarter, status, sum(count) FROM quarter "
		      "WHERE quarter >= ?1 AND (?2 = '' OR destination_id = "
		      "(SELECT id FROM destination WHERE name = ?2)) "
		      "GROUP BY quarter, status ORDER BY quarter, status",
		      e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(out->stmt, 1, first);
	db_bind(out->stmt, 2, name);
	return ERR_OK;
}

enum err_code census_unmapped(struct db *db, int max, struct rows *out, struct err *e)
{
	if (rows_open(out, db,
		      "SELECT event, count FROM unmapped ORDER BY count DESC, event "
		      "LIMIT ?1",
		      e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(out->stmt, 1, max);
	return ERR_OK;
}
