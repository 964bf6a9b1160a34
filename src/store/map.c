/* SPDX-License-Identifier: MIT */
#include "store/map.h"

#include <string.h>

#include "base/nearest.h"
#include "core/event_map.h"
#include "core/json.h"
#include "store/setting.h"

enum { NAME_LEN_MAX = 200, TIKTOK_NAME_LEN_MAX = 50 };

static bool is_name(const char *name, size_t max)
{
	size_t len = strlen(name);

	if (len == 0 || len > max || str_trim(str_of(name)).len != len)
		return false;
	if (!utf8_valid(str_of(name)))
		return false;
	for (; *name; name++)
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			return false;
	return true;
}

static enum err_code bind_run(struct db *db, const char *sql, const char *a,
			      const char *b, int32_t id, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(a));
	if (b) {
		db_bind(stmt, 2, str_of(b));
		sqlite3_bind_int(stmt, 3, id);
	}
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

static enum err_code put_name(struct db *db, const char *tiktok_event, struct err *e)
{
	return bind_run(
		db, "INSERT INTO event_name (name) VALUES (?1) ON CONFLICT DO NOTHING",
		tiktok_event, NULL, 0, e);
}

static enum err_code put(struct db *db, const char *event, const char *tiktok_event,
			 int32_t destination_id, struct err *e)
{
	if (put_name(db, tiktok_event, e) != ERR_OK)
		return e->code;
	return bind_run(db,
			"INSERT INTO event_map (event, destination_id, name_id) "
			"SELECT ?1, ?3, id FROM event_name WHERE name = ?2 "
			"ON CONFLICT DO UPDATE SET name_id = excluded.name_id",
			event, tiktok_event, destination_id, e);
}

enum err_code map_fill(struct db *db, int *added, struct err *e)
{
	const char *name;
	int64_t filled;

	*added = 0;
	/* They need no row, and are told by their numbers all the same. */
	for (size_t i = 0; (name = event_standard_name(i)) != NULL; i++)
		if (put_name(db, name, e) != ERR_OK)
			return e->code;
	if (setting_int(db, "event_map_filled", 0, &filled, e) != ERR_OK || filled)
		return e->code;
	for (size_t i = 0; i < event_map_defaults_count; i++) {
		const struct event_map_default *d = &event_map_defaults[i];

		if (put(db, d->event, d->tiktok_event, 0, e) != ERR_OK)
			return e->code;
		++*added;
	}
	if (setting_set_int(db, "event_map_filled", 1, e) != ERR_OK)
		return e->code;
	return config_bump(db, e);
}

/* Names that it maps are not unmapped any more, however they are spelled. */
static enum err_code forget_unmapped(struct db *db, const char *event, struct err *e)
{
	struct event_map_row row = {str_of(event), 0, STR("x"), 1};
	struct event_map *map = event_map_new(&row, 1);
	sqlite3_stmt *all = NULL, *drop = NULL;
	bool any;

	if (db_prepare(db, "SELECT event FROM unmapped", &all, e) == ERR_OK &&
	    db_prepare(db, "DELETE FROM unmapped WHERE event = ?1", &drop, e) == ERR_OK)
		while (db_step(db, all, &any, e) == ERR_OK && any) {
			struct str name = db_column(all, 0);

			if (!event_map_find(map, 0, name))
				continue;
			db_bind(drop, 1, name);
			if (db_run(db, drop, e) != ERR_OK)
				break;
		}
	sqlite3_finalize(all);
	sqlite3_finalize(drop);
	event_map_free(map);
	return e->code;
}

enum err_code map_set(struct db *db, const char *event, const char *tiktok_event,
		      int32_t destination_id, struct err *e)
{
	if (!is_name(event, NAME_LEN_MAX))
		return err_set(e, ERR_USAGE,
			       "an event's name has 1 to %d bytes of UTF-8, no control "
			       "bytes and no "
			       "white space around it",
			       NAME_LEN_MAX);
	if (!is_name(tiktok_event, TIKTOK_NAME_LEN_MAX))
		return err_set(e, ERR_USAGE,
			       "TikTok's name of an event has 1 to %d bytes of UTF-8, no "
			       "control "
			       "bytes and no white space around it",
			       TIKTOK_NAME_LEN_MAX);
	if (put(db, event, tiktok_event, destination_id, e) != ERR_OK ||
	    (destination_id == 0 && forget_unmapped(db, event, e) != ERR_OK))
		return e->code;
	return config_bump(db, e);
}

static enum err_code unknown(struct db *db, const char *event, int32_t destination_id,
			     struct err *e)
{
	struct nearest near;

	nearest_init(&near, str_of(event));
	if (rows_offer(db, "SELECT event FROM event_map WHERE destination_id = ?1",
		       destination_id, &near, e) != ERR_OK)
		return e->code;
	return err_set(e, ERR_NOINPUT, "the map has no event '%.100s'%s%s", event,
		       destination_id ? " for this destination" : "",
		       nearest_word(&near)[0] ? nearest_hint(&near)
					      : "; see: convey map list");
}

static enum err_code drop(struct db *db, const char *sql, const char *event, int32_t id,
			  struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(event));
	sqlite3_bind_int(stmt, 2, id);
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code map_remove(struct db *db, const char *event, int32_t destination_id,
			 struct err *e)
{
	if (drop(db, "DELETE FROM event_map WHERE event = ?1 AND destination_id = ?2",
		 event, destination_id, e) != ERR_OK)
		return e->code;
	if (sqlite3_changes(db->handle) == 0 && destination_id == 0 &&
	    drop(db, "DELETE FROM event_map WHERE event = ?1 AND ?2 = 0", event, 0, e) !=
		    ERR_OK)
		return e->code;
	if (sqlite3_changes(db->handle) == 0)
		return unknown(db, event, destination_id, e);
	return config_bump(db, e);
}

enum err_code map_owners(struct db *db, const char *event, struct buf *out, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT group_concat(name, ', ') FROM (SELECT t.name FROM "
		       "event_map m JOIN destination t ON t.id = m.destination_id "
		       "WHERE m.event = ?1 AND t.removed = 0 ORDER BY t.name)",
		       &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(event));
	if (db_step(db, stmt, &row, e) == ERR_OK && row)
		buf_adds(out, db_column(stmt, 0));
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code map_list(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(out, db,
			 "SELECT m.event, n.name AS tiktok_event, t.name AS destination "
			 "FROM event_map m JOIN event_name n ON n.id = m.name_id "
			 "LEFT JOIN destination t ON t.id = m.destination_id "
			 "WHERE m.destination_id = 0 OR t.removed = 0 "
			 "ORDER BY n.name, m.event, m.destination_id",
			 e);
}
