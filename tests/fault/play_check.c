/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play_parts.h"
#include "store/destination.h"
#include "store/map.h"
#include "store/migrate.h"
#include "store/vault.h"

#define MUST(call, e)                                                                    \
	do {                                                                             \
		if ((call) != ERR_OK) {                                                  \
			fprintf(stderr, "%s: %s\n", #call, (e).msg);                     \
			abort();                                                         \
		}                                                                        \
	} while (0)

static void fill(struct secret *secret, const char *text)
{
	secret->len = strlen(text);
	memcpy(secret->bytes, text, secret->len);
}

static void fill_grant(struct grant *g, const char *token, const char *refresh,
		       int64_t life_ms)
{
	memset(g, 0, sizeof(*g));
	snprintf(g->app_id, sizeof(g->app_id), "app");
	fill(&g->app_secret, "the-app's-secret");
	fill(&g->token, token);
	fill(&g->refresh_token, refresh);
	g->life_ms = life_ms;
}

static enum err_code add_destination(struct db *db, const char *path, struct err *e)
{
	const struct destination_setting settings[] = {{"source", "web"}, {"id", "P"}};
	struct grant grant;
	struct vault vault;

	fill_grant(&grant, "token-1", "refresh-1", 1000);
	if (vault_open(&vault, path, e) != ERR_OK)
		return e->code;
	if (db_begin(db, e) != ERR_OK || destination_add(db, "shop", settings, 2, e) ||
	    grant_store(db, &vault, 1, &grant, 1000, e) || db_commit(db, e))
		db_rollback(db);
	vault_close(&vault);
	return e->code;
}

enum err_code play_make(const char *path, struct err *e)
{
	int64_t destinations = 0;
	bool created;
	int applied;
	struct db db;

	unsetenv("CONVEY_KEY_FILE");
	unsetenv("CREDENTIALS_DIRECTORY");
	if (db_open(&db, path, DB_CREATE, e) != ERR_OK)
		return e->code;
	if (migrate(&db, false, &applied, e) == ERR_OK && db_begin(&db, e) == ERR_OK &&
	    (map_fill(&db, &applied, e) || db_commit(&db, e)))
		db_rollback(&db);
	if (e->code == ERR_OK && vault_create(path, &created, e) == ERR_OK &&
	    db_int(&db, "SELECT count(*) FROM destination", 0, &destinations, e) ==
		    ERR_OK &&
	    destinations == 0)
		add_destination(&db, path, e);
	db_close(&db);
	return e->code;
}

void play_init(struct play *p, const char *path, const char *app_vfs)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->load = load_new();
	fill_grant(&p->fresh, "token-2", "refresh-2", INT64_C(86400000));
	if (sqlite3_open_v2(path, &p->app, SQLITE_OPEN_READWRITE, app_vfs) != SQLITE_OK)
		abort();
	sqlite3_busy_timeout(p->app, 1000);
	sqlite3_exec(p->app, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0",
		     NULL, NULL, NULL);
}

void play_fini(struct play *p)
{
	play_end(p);
	sqlite3_close(p->app);
	load_free(p->load);
}

/* WHAT MUST BE TRUE IN THE END */

static int64_t number(struct play *p, const char *sql)
{
	int64_t value = -1;
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(p->app, sql, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		value = sqlite3_column_int64(s, 0);
	else
		play_break(p, "%s: %s", sql, sqlite3_errmsg(p->app));
	sqlite3_finalize(s);
	return value;
}

static void check_rows(struct play *p)
{
	static const char *const words[] = {"delivered", "duplicate", "rejected",
					    "skipped", "failed"};
	bool there[PLAY_ROWS + 1] = {false};
	sqlite3_stmt *s = NULL;
	int found = 0;

	if (sqlite3_prepare_v2(p->app, "SELECT id, status FROM outbox_status", -1, &s,
			       NULL) != SQLITE_OK)
		play_break(p, "%s", sqlite3_errmsg(p->app));
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		int id = sqlite3_column_int(s, 0);
		const char *status = (const char *)sqlite3_column_text(s, 1);
		const struct play_row *row = &p->rows[id <= PLAY_ROWS ? id : 0];

		found++;
		there[id <= PLAY_ROWS ? id : 0] = true;
		if (!status || strcmp(status, words[row->kind]) != 0)
			play_break(p, "row %d is %s, not %s", id, status,
				   words[row->kind]);
		if (row->kind == PLAY_DELIVERED && row->sent == 0)
			play_break(p, "row %d is delivered and never was", id);
		if (row->sent > 0 && row->kind != PLAY_DELIVERED &&
		    row->kind != PLAY_POISON)
			play_break(p, "row %d was sent", id);
	}
	sqlite3_finalize(s);
	for (int id = 1; id <= p->produced; id++)
		if (!there[id] && strcmp(p->rows[id].last, words[p->rows[id].kind]) != 0)
			play_break(p, "row %d has gone, '%s'", id, p->rows[id].last);
	if (found == p->produced || found < PLAY_LAST)
		play_break(p, "%d of %d rows are left", found, p->produced);
}

static void check_file(struct play *p)
{
	const char *answer = "?";
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(p->app, "PRAGMA integrity_check(1)", -1, &s, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		answer = (const char *)sqlite3_column_text(s, 0);
	if (strcmp(answer, "ok") != 0)
		play_break(p, "integrity_check: %s", answer);
	sqlite3_finalize(s);
}

/* The token is the one that was fetched, and opens. */
static void check_grant(struct play *p)
{
	struct secret token = {.len = 0};
	struct vault vault;
	bool found = false;
	struct db db;
	struct err e;

	MUST(db_open(&db, p->path, DB_READ, &e), e);
	MUST(vault_open(&vault, p->path, &e), e);
	if (credential_get(&db, &vault, 1, "token", &token, &found, &e) != ERR_OK ||
	    !found)
		play_break(p, "the grant is destroyed");
	else if (token.len != 7 || memcmp(token.bytes, "token-2", 7) != 0)
		play_break(p, "the token was not renewed");
	vault_close(&vault);
	db_close(&db);
}

void play_verdict(struct play *p)
{
	check_rows(p);
	check_file(p);
	check_grant(p);
	if (number(p, "SELECT count(*) FROM attempt WHERE outcome IS NULL") != 0)
		play_break(p, "a request is open");
	if (number(p, "SELECT count(*) FROM waiting") != 0)
		play_break(p, "a row waits");
	if (number(p,
		   "SELECT count(*) FROM outbox WHERE payload LIKE '%canary%' AND id IN "
		   "(SELECT key / 1024 FROM delivery)") != 0)
		play_break(p, "a settled row holds a plain address");
	if (number(p, "SELECT (SELECT total(count) FROM counter) - (SELECT count(*) FROM "
		      "delivery)") != 0)
		play_break(p, "the counters are wrong");
}
