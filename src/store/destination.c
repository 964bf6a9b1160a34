/* SPDX-License-Identifier: MIT */
#include "store/destination.h"

#include <string.h>

#include "base/nearest.h"
#include "core/reason.h"
#include "store/credential.h"
#include "store/destination_setting.h"
#include "store/setting.h"

enum { ID_MAX = 1023 };

static enum err_code check_name(const char *name, struct err *e)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (len == 0 || name[len] || len > DESTINATION_NAME_MAX || name[0] == '-')
		return err_set(
			e, ERR_USAGE,
			"a destination's name has 1 to %d of a-z, 0-9, '_' and '-', "
			"not '%.80s'",
			DESTINATION_NAME_MAX, name);
	if (strcmp(name, "drop") == 0)
		return err_set(
			e, ERR_USAGE,
			"a destination cannot be named 'drop': a route to it would "
			"be one to nowhere");
	return ERR_OK;
}

/* Runs a statement with ?1 the id and ?2 text; SQLite's column affinity makes numbers. */
static enum err_code run(struct db *db, const char *sql, int32_t id, struct str text,
			 struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, id);
	if (sqlite3_bind_parameter_count(stmt) > 1)
		db_bind(stmt, 2, text);
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

static enum err_code apply(struct db *db, int32_t id,
			   const struct destination_setting *settings, size_t count,
			   struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		const char *sql;

		if (destination_setting_check(&settings[i], &sql, e) != ERR_OK ||
		    run(db, sql, id, str_of(settings[i].value), e) != ERR_OK)
			return e->code;
	}
	return config_bump(db, e);
}

/* The row of a name, removed or not; *id is 0 where there is none. */
static enum err_code look_up(struct db *db, const char *name, int32_t *id, bool *removed,
			     struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db, "SELECT id, removed FROM destination WHERE name = ?1", &stmt,
		       e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(name));
	e->code = db_step(db, stmt, &row, e);
	if (e->code == ERR_OK) {
		*id = row ? sqlite3_column_int(stmt, 0) : 0;
		*removed = row && sqlite3_column_int(stmt, 1) != 0;
	}
	sqlite3_finalize(stmt);
	return e->code;
}

static enum err_code new_id(struct db *db, int32_t *id, struct err *e)
{
	int64_t highest;

	if (db_int(db, "SELECT max(id) FROM destination", 0, &highest, e) != ERR_OK)
		return e->code;
	if (highest >= ID_MAX)
		return err_set(e, ERR_CONFIG, "there are %d destinations already",
			       ID_MAX);
	*id = (int32_t)highest + 1;
	return ERR_OK;
}

/* REPLACE puts every setting back to its default. */
static enum err_code make_row(struct db *db, const char *name, int32_t id, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db,
		       "INSERT OR REPLACE INTO destination (id, name, source, pixel_id, "
		       "reason) "
		       "VALUES (?1, ?2, '', '', ?3)",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, id);
	db_bind(stmt, 2, str_of(name));
	sqlite3_bind_int(stmt, 3, REASON_NEEDS_TOKEN);
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code destination_add(struct db *db, const char *name,
			      const struct destination_setting *settings, size_t count,
			      struct err *e)
{
	bool removed = false;
	int32_t id = 0;

	if (check_name(name, e) != ERR_OK ||
	    look_up(db, name, &id, &removed, e) != ERR_OK)
		return e->code;
	if (id && !removed)
		return err_set(
			e, ERR_DATA,
			"the destination '%s' exists; change it with: convey destination "
			"set %s",
			name, name);
	if (!id && new_id(db, &id, e) != ERR_OK)
		return e->code;
	if (make_row(db, name, id, e) != ERR_OK)
		return e->code;
	return apply(db, id, settings, count, e);
}

static enum err_code unknown(struct db *db, const char *name, struct err *e)
{
	struct nearest near;

	nearest_init(&near, str_of(name));
	if (rows_offer(db, "SELECT name FROM destination WHERE removed = ?1", 0, &near,
		       e) != ERR_OK)
		return e->code;
	return err_set(e, ERR_NOINPUT, "there is no destination '%.80s'%s", name,
		       nearest_word(&near)[0] ? nearest_hint(&near)
					      : "; see: convey destination list");
}

enum err_code destination_find(struct db *db, const char *name, int32_t *id,
			       struct err *e)
{
	bool removed = false;

	if (look_up(db, name, id, &removed, e) != ERR_OK)
		return e->code;
	if (*id == 0 || removed)
		return unknown(db, name, e);
	return ERR_OK;
}

/* What TikTok refused may be right now: the relay does not wait for its next probe. */
static enum err_code try_again(struct db *db, int32_t id, struct err *e)
{
	return run(db,
		   "UPDATE destination SET reason = NULL, blocked_until = NULL, "
		   "last_error = NULL WHERE id = ?1 AND reason IN (18, 19)",
		   id, STR_NONE, e);
}

/* Nor for anything else, where a person says so; a token that is missing is missing. */
static enum err_code try_now(struct db *db, int32_t id, struct err *e)
{
	return run(db,
		   "UPDATE destination SET reason = NULL, blocked_until = NULL, "
		   "last_error = NULL WHERE id = ?1 AND reason <> 17",
		   id, STR_NONE, e);
}

enum err_code destination_set(struct db *db, int32_t id,
			      const struct destination_setting *settings, size_t count,
			      struct err *e)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(settings[i].name, "id") == 0 && try_again(db, id, e) != ERR_OK)
			return e->code;
	return apply(db, id, settings, count, e);
}

enum err_code destination_pause(struct db *db, int32_t id, bool paused, struct err *e)
{
	if (run(db, "UPDATE destination SET paused = ?2 WHERE id = ?1", id,
		paused ? STR("1") : STR("0"), e) != ERR_OK ||
	    (!paused && try_now(db, id, e) != ERR_OK))
		return e->code;
	return config_bump(db, e);
}

/* Rows that wait for it, requests in flight, and, at the last destination, rows that the
 * relay has not seen yet and that would then reach nobody. */
static enum err_code refuse_if_needed(struct db *db, int32_t id, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT name FROM destination WHERE id = ?1 AND "
		       "(EXISTS (SELECT 1 FROM waiting WHERE destination_id = ?1) "
		       "OR EXISTS "
		       "(SELECT 1 FROM attempt WHERE outcome IS NULL AND destination_id "
		       "= ?1) OR "
		       "(NOT EXISTS (SELECT 1 FROM destination WHERE removed = 0 AND id "
		       "<> ?1) "
		       "AND EXISTS (SELECT 1 FROM queue, outbox WHERE outbox.id > "
		       "queue.cursor)))",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, id);
	e->code = db_step(db, stmt, &row, e);
	if (e->code == ERR_OK && row)
		err_set(e, ERR_BUSY,
			"the destination still has conversions to send; let convey run "
			"send them, or give them up with: convey disconnect %.*s",
			STR_ARG(db_column(stmt, 0)));
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code destination_remove(struct db *db, int32_t id, struct err *e)
{
	if (refuse_if_needed(db, id, e) != ERR_OK)
		return e->code;
	if (credential_erase(db, id, e) != ERR_OK ||
	    run(db, "UPDATE destination SET removed = 1 WHERE id = ?1", id, STR_NONE,
		e) != ERR_OK ||
	    run(db, "DELETE FROM event_map WHERE destination_id = ?1", id, STR_NONE, e) !=
		    ERR_OK)
		return e->code;
	return config_bump(db, e);
}

enum err_code destination_token_set(struct db *db, int32_t id, struct err *e)
{
	if (run(db,
		"UPDATE destination SET reason = NULL, blocked_until = NULL, last_error "
		"= NULL "
		"WHERE id = ?1 AND reason IN (17, 18, 19)",
		id, STR_NONE, e) != ERR_OK)
		return e->code;
	return config_bump(db, e);
}

_Static_assert(REASON_NEEDS_TOKEN == 17 && REASON_TOKEN_REFUSED == 18 &&
		       REASON_PERMISSION == 19,
	       "the statement above names them by number");

enum err_code destination_rows(struct db *db, int32_t id, struct rows *out, struct err *e)
{
	if (rows_open(out, db,
		      "SELECT t.name, t.source, t.pixel_id, "
		      "CASE WHEN t.paused THEN 'paused' ELSE coalesce(r.word, 'active') "
		      "END AS state, "
		      "strftime('%Y-%m-%dT%H:%M:%fZ', c.set_at / 1000.0, 'unixepoch') "
		      "AS token_set_at, t.timezone, t.deliver, t.model, t.click_window, "
		      "t.view_window, t.pii, t.consent_strict, t.default_country, "
		      "t.default_url, "
		      "t.test_event_code, t.batch, t.requests_per_second, t.last_error "
		      "FROM destination t LEFT JOIN reason r ON r.id = t.reason "
		      "LEFT JOIN credential c ON c.destination_id = t.id AND c.field = "
		      "'token' "
		      "WHERE t.removed = 0 AND (?1 = 0 OR t.id = ?1) ORDER BY t.name",
		      e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(out->stmt, 1, id);
	return ERR_OK;
}

enum err_code destination_first(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(out, db,
			 "SELECT name FROM destination WHERE removed = 0 ORDER BY id "
			 "LIMIT 1",
			 e);
}
