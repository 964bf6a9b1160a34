/* SPDX-License-Identifier: MIT */
#include "store/prune_day.h"

#include <stdlib.h>

#include "store/setting.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* The first day behind one that is done, if it is old enough and no later one contradicts. */
static enum err_code find_day(struct prune *p, const char *done, int64_t today,
			      int64_t keep_days, struct milestone *out, struct err *e)
{
	int64_t after;
	bool row;

	*out = (struct milestone){0};
	if (setting_int(p->db, done, 0, &after, e) != ERR_OK || keep_days == 0)
		return e->code;
	sqlite3_bind_int64(p->oldest, 1, after);
	sqlite3_bind_int64(p->oldest, 2, today - keep_days);
	sqlite3_bind_int64(p->oldest, 3, today);
	if (db_step(p->db, p->oldest, &row, e) == ERR_OK && row)
		*out = (struct milestone){sqlite3_column_int64(p->oldest, 0),
					  sqlite3_column_int64(p->oldest, 1),
					  sqlite3_column_int64(p->oldest, 2),
					  sqlite3_column_int64(p->oldest, 3)};
	sqlite3_reset(p->oldest);
	return e->code;
}

/* Ids are forgotten where their runs are merged; from now on they count as unknown. */
static enum err_code move_floor(struct prune *p, int64_t today, int64_t keep_days,
				struct err *e)
{
	struct milestone old;

	if (find_day(p, "dedup_day", today, keep_days, &old, e) != ERR_OK || !old.day ||
	    setting_set_int(p->db, "dedup_floor", old.outbox_id + 1, e) != ERR_OK)
		return e->code;
	return setting_set_int(p->db, "dedup_day", old.day, e);
}

/* A day that was begun is ended at once; another one has its hour. */
static enum err_code take_day(struct prune *p, int64_t now_ms, bool *any, struct err *e)
{
	int64_t begun_at, begun;

	*any = false;
	if (!p->upto.day)
		return ERR_OK;
	if (setting_int(p->db, "prune_begun_at", 0, &begun_at, e) != ERR_OK ||
	    setting_int(p->db, "prune_begun_day", 0, &begun, e) != ERR_OK)
		return e->code;
	*any = begun == p->upto.day || llabs(now_ms - begun_at) >= PRUNE_EVERY_MS;
	if (!*any || begun == p->upto.day)
		return ERR_OK;
	if (setting_set_int(p->db, "prune_begun_at", now_ms, e) != ERR_OK)
		return e->code;
	return setting_set_int(p->db, "prune_begun_day", p->upto.day, e);
}

/* A clock that is days ahead of the last day noted may be wrong, and what has gone does not come
 * back when it is set right: it is believed by one day more, and from tomorrow on. */
static enum err_code believe(struct prune *p, int64_t today, int64_t *believed,
			     struct err *e)
{
	int64_t last = 0;
	sqlite3_stmt *s;
	bool row;

	*believed = today;
	if (db_kept(p->db, "SELECT max(day) FROM milestone WHERE day < ?1", &s, e) !=
	    ERR_OK)
		return e->code;
	sqlite3_bind_int64(s, 1, today);
	if (db_step(p->db, s, &row, e) == ERR_OK && row)
		last = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (last > 0 && last + 1 < today)
		*believed = last + 1;
	return e->code;
}

enum err_code prune_day_begin(struct prune *p, const struct prune_limits *limits,
			      int64_t now_ms, bool *any, struct err *e)
{
	int64_t today = now_ms / DAY_MS, believed;

	sqlite3_bind_int64(p->note, 1, today);
	if (db_run(p->db, p->note, e) != ERR_OK ||
	    believe(p, today, &believed, e) != ERR_OK ||
	    find_day(p, "pruned_day", believed, limits->retention_days, &p->upto, e) !=
		    ERR_OK ||
	    move_floor(p, believed, limits->dedup_days, e) != ERR_OK)
		return e->code;
	return take_day(p, now_ms, any, e);
}
