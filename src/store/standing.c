/* SPDX-License-Identifier: MIT */
#include "store/standing.h"

#include "core/reason.h"
#include "store/in_flight.h"

/* 0 a duplicate, 1 gave the id up, 2 not taken up, 3 waits, is in flight or was sent. What ended
 * unsent at one destination may wait at another, or (4, as long as nobody has looked) be in a
 * request that lies around it. */
static const char rank_sql[] =
	"SELECT CASE WHEN ?1 > (SELECT cursor FROM queue) AND d.rows = 0 THEN 2 "
	"WHEN d.rank <> 1 THEN d.rank WHEN d.rank IS NULL OR EXISTS (SELECT 1 FROM "
	"waiting WHERE key BETWEEN ?1 * 1024 AND ?1 * 1024 + 1023) THEN 3 "
	"WHEN EXISTS (SELECT 1 FROM attempt WHERE outcome IS NULL "
	"AND ?1 BETWEEN first_id AND last_id) THEN 4 ELSE 1 END, d.by_operator, "
	"d.by_operator AND NOT d.has_id "
	"FROM (SELECT count(*) AS rows, coalesce(max(state = 113), 0) AS by_operator, "
	"coalesce(max(event_hash IS NOT NULL), 0) AS has_id, "
	"max(CASE WHEN state / 16 = 9 THEN 0 "
	"WHEN state / 16 IN (6, 7, 8) AND "
	"coalesce(attempts, attempt_id IS NOT NULL) = 0 THEN 1 "
	"ELSE 3 END) AS rank "
	"FROM delivery WHERE key BETWEEN ?1 * 1024 AND ?1 * 1024 + 1023) d";

_Static_assert(REASON_BY_OPERATOR == 113, "the statement above names it by number");

struct place {
	enum standing rank;
	bool by_operator, yields; /* yields: cancelled, and never had the id */
};

static enum err_code place_of(struct db *db, sqlite3_stmt *stmt, int64_t id,
			      struct place *out, struct err *e)
{
	bool row, in_flight;

	sqlite3_bind_int64(stmt, 1, id);
	if (db_step(db, stmt, &row, e) == ERR_OK && row)
		*out = (struct place){(enum standing)sqlite3_column_int(stmt, 0),
				      sqlite3_column_int(stmt, 1) != 0,
				      sqlite3_column_int(stmt, 2) != 0};
	sqlite3_reset(stmt);
	if (e->code == ERR_OK && out->rank == STANDING_AROUND &&
	    in_flight_has(db, id, &in_flight, e) == ERR_OK)
		out->rank = in_flight ? STANDING_HOLDS : STANDING_GAVE_UP;
	return e->code;
}

/* From the newest to the oldest: of those that are not taken up the first wins, and of those that
 * were cancelled (store/admit.c: leave_to_former). */
static bool is_better(struct place its, struct place best)
{
	if (its.rank != best.rank)
		return its.rank > best.rank;
	return its.rank == STANDING_UNREAD ||
	       (its.rank == STANDING_GAVE_UP && its.by_operator && best.yields);
}

enum err_code standing_best(struct db *db, const int64_t *ids, int count, int64_t *holder,
			    enum standing *out, struct err *e)
{
	sqlite3_stmt *stmt;
	struct place best = {STANDING_NONE, false, false}, its = best;

	if (db_prepare(db, rank_sql, &stmt, e) != ERR_OK)
		return e->code;
	for (int i = 0; i < count && e->code == ERR_OK; i++)
		if (place_of(db, stmt, ids[i], &its, e) == ERR_OK &&
		    is_better(its, best)) {
			best = its;
			*holder = ids[i];
		}
	sqlite3_finalize(stmt);
	*out = best.rank;
	return e->code;
}
