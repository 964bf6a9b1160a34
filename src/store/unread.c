/* SPDX-License-Identifier: MIT */
#include "store/unread.h"

#include "core/decide.h"
#include "store/sighting.h"

static const char behind_sql[] =
	"SELECT coalesce((SELECT max(id) FROM visit), 0) > "
	"coalesce((SELECT value FROM setting WHERE name = 'visit_cursor'), 0) "
	"OR coalesce((SELECT max(id) FROM consent), 0) > "
	"coalesce((SELECT value FROM setting WHERE name = 'consent_cursor'), 0)";

static const char tables_sql[] =
	"PRAGMA query_only = OFF;"
	"CREATE TABLE " UNREAD_PAGES " (node INTEGER, seen_at INTEGER, visit_id INTEGER, "
	"click INTEGER, PRIMARY KEY (node, seen_at, visit_id)) WITHOUT ROWID;"
	"CREATE TABLE " UNREAD_STATEMENTS " (node INTEGER, stated_at INTEGER, consent_id "
	"INTEGER, signals INTEGER, PRIMARY KEY (node, stated_at, consent_id)) "
	"WITHOUT ROWID;"
	"CREATE VIEW temp.page_view AS SELECT node, seen_at, visit_id, click "
	"FROM main.page_view UNION ALL SELECT node, seen_at, visit_id, click "
	"FROM " UNREAD_PAGES ";"
	"CREATE VIEW temp.statement AS SELECT node, stated_at, consent_id, signals "
	"FROM main.statement UNION ALL SELECT node, stated_at, consent_id, signals "
	"FROM " UNREAD_STATEMENTS;

static enum err_code read_all(struct unread *u, struct err *e)
{
	struct ingested done = {.complete = false};

	e->code = ERR_OK;
	while (e->code == ERR_OK && !done.complete)
		e->code = ingest_slice(&u->ingest, u->now_ms, &done, e);
	return e->code;
}

enum err_code unread_open(struct unread *u, struct db *db, int64_t now_ms, struct err *e)
{
	int64_t behind;

	*u = (struct unread){.db = db, .now_ms = now_ms};
	if (db_int(db, behind_sql, 0, &behind, e) != ERR_OK || !behind)
		return e->code;
	if (db_exec(db, tables_sql, e) != ERR_OK ||
	    ingest_open(&u->ingest, db, NULL, e) != ERR_OK)
		return e->code;
	if (read_all(u, e) == ERR_OK)
		e->code = db_exec(db, "PRAGMA query_only = ON", e);
	if (e->code != ERR_OK)
		unread_close(u);
	return e->code;
}

void unread_close(struct unread *u)
{
	ingest_close(&u->ingest);
}

struct walk {
	struct kin *out;
	int64_t latest_s;
};

static void take_row(void *arg, const struct sighting *seen)
{
	struct walk *w = arg;

	if (seen->at_s <= w->latest_s)
		kin_put_row(w->out, &seen->ids, NULL, seen->at_s, seen->row_id,
			    seen->source);
}

enum err_code unread_conversions(struct unread *u, int64_t upto_id, int64_t most,
				 struct kin *out, int64_t *left_out, struct err *e)
{
	struct walk w = {out, u->now_ms / 1000 + FUTURE_MAX_S};
	struct sighting_reader reader;
	int64_t taken, last;

	*left_out = 0;
	if (db_int(u->db, "SELECT cursor FROM queue", 0, &taken, e) != ERR_OK ||
	    db_int(u->db, "SELECT coalesce(max(id), 0) FROM outbox", 0, &last, e) !=
		    ERR_OK ||
	    sighting_open(&reader, u->db, e) != ERR_OK)
		return e->code;
	if (last > upto_id)
		last = upto_id;
	if (last - taken > most)
		*left_out = last - taken - most;
	if (sighting_refresh(&reader, e) == ERR_OK)
		e->code = sighting_range(&reader, IDENTITY_CONVERSION, taken + *left_out,
					 last, take_row, &w, e);
	sighting_close(&reader);
	return e->code;
}
