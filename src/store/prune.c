/* SPDX-License-Identifier: MIT */
#include "store/prune.h"

#include <stddef.h>
#include <stdlib.h>

#include "store/in_flight.h"
#include "store/members.h"
#include "store/prune_day.h"
#include "store/queue_rows.h"
#include "store/setting.h"

enum { ATTEMPTS = 500, DELIVERIES = 2000, PAGES_KEPT = 2048 };

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct prune, member)
	{S(note),
	 "INSERT OR IGNORE INTO milestone (day, outbox_id, visit_id, attempt_id) "
	 "SELECT ?1, q.cursor, coalesce((SELECT value FROM setting WHERE name = "
	 "'visit_cursor'), 0), coalesce((SELECT max(id) FROM attempt), 0) "
	 "FROM queue q"},
	/* ?3 is today. A later day that stood further back shows that the clock was wrong. Ids
	 * of attempts may begin again. */
	{S(oldest),
	 "SELECT day, outbox_id, visit_id, (SELECT min(attempt_id) FROM milestone l "
	 "WHERE l.day BETWEEN m.day AND ?3) FROM milestone m "
	 "WHERE day > ?1 AND day <= ?2 AND NOT EXISTS (SELECT 1 FROM milestone l "
	 "WHERE l.day > m.day AND l.day <= ?3 "
	 "AND (l.outbox_id < m.outbox_id OR l.visit_id < m.visit_id)) "
	 "ORDER BY day LIMIT 1"},
	{S(rows),
	 "SELECT id FROM outbox WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3"},
	{S(many),
	 "SELECT key / 1024 FROM delivery WHERE key BETWEEN ?1 * 1024 AND ?2 * 1024 + "
	 "1023 ORDER BY key LIMIT 1 OFFSET ?3"},
	{S(kept_waiting),
	 "SELECT key / 1024 FROM waiting WHERE key BETWEEN ?1 * 1024 AND "
	 "?2 * 1024 + 1023 ORDER BY key"},
	{S(kept_plain),
	 "SELECT members FROM redaction WHERE first_id <= ?2 AND first_id >= "
	 "coalesce((SELECT max(first_id) FROM redaction WHERE first_id <= "
	 "?1), 0)"},
	{S(drop_rows), "DELETE FROM outbox WHERE id BETWEEN ?1 AND ?2"},
	{S(drop_deliveries), "DELETE FROM delivery WHERE key BETWEEN ?1 * 1024 AND ?2 * "
			     "1024 + 1023 RETURNING key % 1024, state"},
	{S(drop_derived), "DELETE FROM derived_id WHERE outbox_id BETWEEN ?1 AND ?2"},
	{S(drop_duplicates), "DELETE FROM duplicate WHERE first_id BETWEEN ?1 AND ?2 OR "
			     "first_id BETWEEN -?2 AND -?1"},
	{S(visits),
	 "SELECT id FROM visit WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3"},
	{S(drop_visit), "DELETE FROM visit WHERE id = ?1"},
	{S(drop_page),
	 "DELETE FROM page_view WHERE node = ?1 AND seen_at = ?2 AND visit_id = ?3"},
	/* A session's first ones go first: it stands at the front. */
	{S(drop_untimed),
	 "DELETE FROM page_view WHERE node = ?1 AND visit_id = ?2 AND seen_at = (SELECT "
	 "seen_at FROM page_view WHERE node = ?1 AND visit_id = ?2 ORDER BY seen_at "
	 "LIMIT 1)"},
	{S(drop_attempts),
	 "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE id <= ?1 AND "
	 "outcome IS NOT NULL AND id NOT IN (SELECT attempt_id FROM waiting WHERE "
	 "attempt_id IS NOT NULL AND key <= ?2 * 1024 + 1023) ORDER BY id LIMIT ?3)"},
#undef S
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **slot(struct prune *p, size_t i)
{
	return (sqlite3_stmt **)(void *)((char *)p + statements[i].at);
}

enum err_code prune_open(struct prune *p, struct queue *queue, struct err *e)
{
	struct db *db = queue->db;

	*p = (struct prune){.db = db, .queue = queue, .pages_kept = PAGES_KEPT};
	p->at.stage = p->next.stage = PRUNE_END;
	e->code = sighting_open(&p->sightings, db, e);
	for (size_t i = 0; i < STATEMENTS && e->code == ERR_OK; i++)
		e->code = db_prepare(db, statements[i].sql, slot(p, i), e);
	if (e->code != ERR_OK)
		prune_close(p);
	return e->code;
}

void prune_close(struct prune *p)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(*slot(p, i));
	sighting_close(&p->sightings);
	free(p->kept);
	*p = (struct prune){0};
}

/* A restart reads recent ids back out of rows that are about to go: from now on out of a run. */
static enum err_code keep_ids(struct dedup *d, int64_t upto, struct err *e)
{
	e->code = ERR_OK;
	if (d->flushed_id >= upto || d->used == 0)
		return ERR_OK;
	return dedup_flush(d, e);
}

enum err_code prune_begin(struct prune *p, const struct prune_limits *limits,
			  int64_t now_ms, bool *any, struct err *e)
{
	*any = false;
	p->at = p->next = (struct prune_place){.stage = PRUNE_OUTBOX};
	if (sighting_refresh(&p->sightings, e) != ERR_OK ||
	    prune_day_begin(p, limits, now_ms, any, e) != ERR_OK || !*any)
		return e->code;
	return keep_ids(&p->queue->dedup, p->upto.outbox_id, e);
}

static void keep(struct prune *p, int64_t id)
{
	if (p->kept_count == p->kept_cap) {
		p->kept_cap = p->kept_cap ? 2 * p->kept_cap : 256;
		p->kept = realloc(p->kept, p->kept_cap * sizeof(*p->kept));
		if (!p->kept)
			abort();
	}
	p->kept[p->kept_count++] = id;
}

static enum err_code keep_members(struct prune *p, sqlite3_stmt *s, int64_t first,
				  int64_t last, struct err *e)
{
	bool row;

	sqlite3_bind_int64(s, 1, first);
	sqlite3_bind_int64(s, 2, last);
	while (db_step(p->db, s, &row, e) == ERR_OK && row) {
		struct str members = db_column(s, 0);
		int64_t id = 0;

		while (members_next(&members, &id) && id <= last)
			if (id >= first)
				keep(p, id);
	}
	sqlite3_reset(s);
	return e->code;
}

static enum err_code keep_in_flight(void *arg, int64_t outbox_id, struct err *e)
{
	struct prune *p = arg;

	if (outbox_id >= p->first && outbox_id <= p->last)
		keep(p, outbox_id);
	return e->code = ERR_OK;
}

/* Rows from first to last that wait, travel, or hold what is still to be redacted. */
static enum err_code find_kept(struct prune *p, int64_t first, int64_t last,
			       struct err *e)
{
	bool row;

	p->kept_count = 0;
	p->first = first;
	p->last = last;
	sqlite3_bind_int64(p->kept_waiting, 1, first);
	sqlite3_bind_int64(p->kept_waiting, 2, last);
	while (db_step(p->db, p->kept_waiting, &row, e) == ERR_OK && row)
		keep(p, sqlite3_column_int64(p->kept_waiting, 0));
	sqlite3_reset(p->kept_waiting);
	if (e->code != ERR_OK || in_flight_each(p->db, 0, keep_in_flight, p, e) != ERR_OK)
		return e->code;
	return keep_members(p, p->kept_plain, first, last, e);
}

static enum err_code on_span(struct prune *p, sqlite3_stmt *s, int64_t first,
			     int64_t last, struct err *e)
{
	sqlite3_bind_int64(s, 1, first);
	sqlite3_bind_int64(s, 2, last);
	return db_run(p->db, s, e);
}

/* What has gone is not counted any more. */
static enum err_code drop_deliveries(struct prune *p, int64_t first, int64_t last,
				     struct err *e)
{
	sqlite3_stmt *s = p->drop_deliveries;
	bool row;

	e->code = ERR_OK;
	sqlite3_bind_int64(s, 1, first);
	sqlite3_bind_int64(s, 2, last);
	while (db_step(p->db, s, &row, e) == ERR_OK && row)
		if (queue_tally(p->queue, sqlite3_column_int(s, 0),
				sqlite3_column_int(s, 1), -1, 0, e) != ERR_OK)
			break;
	sqlite3_reset(s);
	return e->code;
}

static enum err_code drop_span(struct prune *p, int64_t first, int64_t last,
			       struct err *e)
{
	if (last < first)
		return ERR_OK;
	if (drop_deliveries(p, first, last, e) != ERR_OK ||
	    on_span(p, p->drop_derived, first, last, e) != ERR_OK ||
	    on_span(p, p->drop_duplicates, first, last, e) != ERR_OK ||
	    on_span(p, p->drop_rows, first, last, e) != ERR_OK)
		return e->code;
	p->next.rows_gone += sqlite3_changes(p->db->handle);
	return ERR_OK;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* All between those that are kept. */
static enum err_code drop_others(struct prune *p, struct err *e)
{
	int64_t from = p->first;

	if (p->kept_count > 1)
		qsort(p->kept, p->kept_count, sizeof(*p->kept), by_number);
	for (size_t i = 0; i < p->kept_count; i++) {
		if (drop_span(p, from, p->kept[i] - 1, e) != ERR_OK)
			return e->code;
		from = p->kept[i] + 1;
	}
	return drop_span(p, from, p->last, e);
}

/* The next ids of a table behind `after`. */
static enum err_code next_ids(struct prune *p, sqlite3_stmt *s, int64_t after,
			      int64_t upto, int64_t ids[PRUNE_ROWS], size_t *count,
			      struct err *e)
{
	bool row;

	*count = 0;
	sqlite3_bind_int64(s, 1, after);
	sqlite3_bind_int64(s, 2, upto);
	sqlite3_bind_int(s, 3, PRUNE_ROWS);
	while (db_step(p->db, s, &row, e) == ERR_OK && row)
		ids[(*count)++] = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return e->code;
}

/* Rows that somebody deleted left what is told of them: *last comes nearer where that is much
 * for a transaction. More than a single row can have. */
static enum err_code bound_span(struct prune *p, int64_t first, int64_t *last,
				struct err *e)
{
	bool row;

	sqlite3_bind_int64(p->many, 1, first);
	sqlite3_bind_int64(p->many, 2, *last);
	sqlite3_bind_int(p->many, 3, DELIVERIES);
	if (db_step(p->db, p->many, &row, e) == ERR_OK && row)
		*last = sqlite3_column_int64(p->many, 0) - 1;
	sqlite3_reset(p->many);
	return e->code;
}

static enum err_code prune_rows(struct prune *p, struct err *e)
{
	int64_t ids[PRUNE_ROWS], end, last;
	size_t count;

	if (next_ids(p, p->rows, p->next.row, p->upto.outbox_id, ids, &count, e) !=
	    ERR_OK)
		return e->code;
	last = end = count ? ids[count - 1] : p->upto.outbox_id;
	if (bound_span(p, p->next.row + 1, &last, e) != ERR_OK)
		return e->code;
	if (count == 0 && last == end)
		p->next.stage = PRUNE_VISITS;
	p->queue->tallies = 0;
	if (find_kept(p, p->next.row + 1, last, e) != ERR_OK ||
	    drop_others(p, e) != ERR_OK)
		return e->code;
	p->next.row = last;
	return queue_flush(p->queue, e);
}

/* By its whole key: a session may have many. Its time is another one by now where the zone of
 * the destination is, or where it has none and was taken up then. */
static enum err_code drop_page(struct prune *p, int64_t node, int64_t at_ms, int64_t id,
			       struct err *e)
{
	sqlite3_bind_int64(p->drop_page, 1, node);
	sqlite3_bind_int64(p->drop_page, 2, at_ms);
	sqlite3_bind_int64(p->drop_page, 3, id);
	if (db_run(p->db, p->drop_page, e) != ERR_OK ||
	    sqlite3_changes(p->db->handle) > 0)
		return e->code;
	sqlite3_bind_int64(p->drop_untimed, 1, node);
	sqlite3_bind_int64(p->drop_untimed, 2, id);
	return db_run(p->db, p->drop_untimed, e);
}

/* Its page view stands under the weakest of its identifiers (store/ingest.c). */
static enum err_code drop_visit(struct prune *p, int64_t id, struct err *e)
{
	struct sighting seen;

	if (sighting_read(&p->sightings, IDENTITY_VISIT, id, &seen, e) != ERR_OK)
		return e->code;
	if (seen.ids.count > 0 &&
	    drop_page(p, (int64_t)seen.ids.id[seen.ids.count - 1].node, seen.at_ms, id,
		      e) != ERR_OK)
		return e->code;
	p->next.visits_gone++;
	sqlite3_bind_int64(p->drop_visit, 1, id);
	return db_run(p->db, p->drop_visit, e);
}

static enum err_code prune_visits(struct prune *p, struct err *e)
{
	int64_t ids[PRUNE_ROWS];
	size_t count;

	if (next_ids(p, p->visits, p->next.visit, p->upto.visit_id, ids, &count, e) !=
	    ERR_OK)
		return e->code;
	for (size_t i = 0; i < count; i++)
		if (drop_visit(p, ids[i], e) != ERR_OK)
			return e->code;
	if (count == 0)
		p->next.stage = PRUNE_ATTEMPTS;
	else
		p->next.visit = ids[count - 1];
	return ERR_OK;
}

static enum err_code prune_attempts(struct prune *p, struct err *e)
{
	int gone;

	sqlite3_bind_int64(p->drop_attempts, 1, p->upto.attempt_id);
	sqlite3_bind_int64(p->drop_attempts, 2, p->upto.outbox_id);
	sqlite3_bind_int(p->drop_attempts, 3, ATTEMPTS);
	if (db_run(p->db, p->drop_attempts, e) != ERR_OK)
		return e->code;
	gone = sqlite3_changes(p->db->handle);
	p->next.attempts_gone += gone;
	if (gone > 0)
		return ERR_OK;
	p->next.stage = PRUNE_FREE_PAGES;
	if (setting_set_int(p->db, "outbox_floor", p->upto.outbox_id + 1, e) != ERR_OK ||
	    setting_set_int(p->db, "visit_floor", p->upto.visit_id + 1, e) != ERR_OK)
		return e->code;
	return setting_set_int(p->db, "pruned_day", p->upto.day, e);
}

/* Some stay, to be used again. */
static enum err_code give_back(struct prune *p, struct err *e)
{
	int64_t before, after;

	if (db_int(p->db, "PRAGMA freelist_count", 0, &before, e) != ERR_OK)
		return e->code;
	p->next.stage = PRUNE_END;
	if (before <= p->pages_kept)
		return ERR_OK;
	if (db_exec(p->db, "PRAGMA incremental_vacuum(64)", e) != ERR_OK ||
	    db_int(p->db, "PRAGMA freelist_count", 0, &after, e) != ERR_OK)
		return e->code;
	if (after < before) /* else the file was made without */
		p->next.stage = PRUNE_FREE_PAGES;
	return ERR_OK;
}

enum err_code prune_some(struct prune *p, bool *more, struct err *e)
{
	e->code = ERR_OK;
	p->next = p->at;
	switch (p->next.stage) {
	case PRUNE_OUTBOX: e->code = prune_rows(p, e); break;
	case PRUNE_VISITS: e->code = prune_visits(p, e); break;
	case PRUNE_ATTEMPTS: e->code = prune_attempts(p, e); break;
	case PRUNE_FREE_PAGES: e->code = give_back(p, e); break;
	case PRUNE_END: break;
	}
	*more = p->next.stage != PRUNE_END;
	return e->code;
}

void prune_committed(struct prune *p)
{
	p->at = p->next;
}

enum err_code prune_floors_read(struct db *db, struct prune_floors *out, struct err *e)
{
	if (setting_int(db, "outbox_floor", 0, &out->outbox_id, e) != ERR_OK ||
	    setting_int(db, "visit_floor", 0, &out->visit_id, e) != ERR_OK)
		return e->code;
	return setting_int(db, "dedup_floor", 0, &out->dedup_id, e);
}
