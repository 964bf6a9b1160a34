/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "cmd/connect.h"
#include "cmd/output.h"
#include "store/destination.h"
#include "store/rekey.h"
#include "store/revocation.h"

enum { EXCHANGE_TRIES = 3, STORE_TRIES = 12 /* of ten seconds, db.c */ };

static void take_column(struct connecting *n, const struct rows *rows, int column)
{
	const char *name = rows_name(rows, column);
	struct str text = rows_text(rows, column);

	if (strcmp(name, "pixel_id") == 0)
		snprintf(n->pixel_id, sizeof(n->pixel_id), "%.*s", STR_ARG(text));
	else if (strcmp(name, "timezone") == 0)
		snprintf(n->timezone, sizeof(n->timezone), "%.*s", STR_ARG(text));
	else if (strcmp(name, "source") == 0)
		n->is_web = str_eq(text, STR("web"));
}

static enum err_code read_destination(struct connecting *n, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	if (destination_find(db, n->cmd->argv[0], &n->destination_id, e) != ERR_OK ||
	    destination_rows(db, n->destination_id, &rows, e) != ERR_OK)
		return e->code;
	if (rows_next(&rows, &row, e) == ERR_OK && row)
		for (int i = 0; i < rows_columns(&rows); i++)
			take_column(n, &rows, i);
	rows_close(&rows);
	return e->code;
}

enum err_code connect_prepare(struct connecting *n, struct err *e)
{
	struct db db;

	if (cmd_open(n->cmd, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	if (rekey_check(&db, n->cmd->db_path, e) == ERR_OK)
		e->code = read_destination(n, &db, e);
	db_close(&db);
	return e->code;
}

static void take_grant(struct connecting *n, const struct oauth_grant *g)
{
	memcpy(n->grant.app_id, n->app.id, sizeof(n->grant.app_id));
	n->grant.app_secret = n->app.secret;
	n->grant.token = g->token;
	n->grant.refresh_token = g->refresh_token;
	n->grant.life_ms = g->expires_in_s > 0 ? g->expires_in_s * 1000 : 0;
	memcpy(n->grant.advertisers, g->advertisers, sizeof(n->grant.advertisers));
}

/* A code lives on after a request that failed; what TikTok has refused it refuses again. */
static enum err_code exchange(struct connecting *n, const struct secret *code,
			      struct err *e)
{
	const struct timespec pause = {1, 0};
	struct oauth_grant grant;
	struct oauth oauth;

	oauth_init(&oauth, n->endpoint);
	for (int i = 0; i < EXCHANGE_TRIES; i++) {
		oauth_ask_exchange(&oauth, &n->app, code);
		if (oauth_perform(&oauth, &n->http, e) != ERR_UNAVAILABLE)
			break;
		if (i + 1 < EXCHANGE_TRIES)
			nanosleep(&pause, NULL);
	}
	if (e->code == ERR_OK) {
		if (oauth_read_grant(buf_str(&oauth.reply), &grant))
			take_grant(n, &grant);
		else
			err_set(e, ERR_UNAVAILABLE,
				"TikTok's answer to the code holds no token");
		oauth_grant_fini(&grant);
	}
	oauth_fini(&oauth);
	return e->code;
}

static enum err_code store_grant(struct connecting *n, struct db *db, struct err *e)
{
	int32_t id = n->destination_id;
	struct vault vault;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (rekey_open(db, n->cmd->db_path, &vault, e) == ERR_OK) {
		if (grant_store(db, &vault, id, &n->grant, clock_wall_ms(), e) ==
			    ERR_OK &&
		    revocation_forgive(db, &vault, id, &n->grant.token, e) == ERR_OK &&
		    destination_token_set(db, id, e) == ERR_OK)
			e->code = db_commit(db, e);
		vault_close(&vault);
	}
	db_rollback(db);
	return e->code;
}

static bool set(struct connecting *n, struct db *db, const char *name, const char *value)
{
	struct destination_setting setting = {name, value};
	struct err e = {ERR_OK, ""};
	bool done = db_begin(db, &e) == ERR_OK &&
		    destination_set(db, n->destination_id, &setting, 1, &e) == ERR_OK &&
		    db_commit(db, &e) == ERR_OK;

	db_rollback(db);
	if (!done)
		cmd_say(n->cmd, "--%s %s was not taken over: %s", name, value, e.msg);
	return done;
}

/* The account's time zone, where nobody has chosen one: conversion_date_time is in it. */
static void adopt_timezone(struct connecting *n, struct db *db)
{
	const char *zone = n->account.info.timezone;

	if (zone[0] && strcmp(n->timezone, "UTC") == 0 && strcmp(zone, "UTC") != 0)
		n->timezone_set = set(n, db, "timezone", zone);
}

static void adopt_pixel(struct connecting *n, struct db *db)
{
	struct account *a = &n->account;
	int chosen = connect_offer(n);

	if (chosen < 0 || !set(n, db, "id", a->pixels[chosen].id))
		return;
	snprintf(n->pixel_id, sizeof(n->pixel_id), "%s", a->pixels[chosen].id);
	n->pixel_set = a->has_pixel = true;
	a->owner = a->owners[chosen];
}

enum err_code connect_finish(void *connecting, const struct secret *code,
			     struct buf *said, struct err *e)
{
	struct connecting *n = connecting;
	struct db db;

	if (exchange(n, code, e) != ERR_OK ||
	    cmd_open(n->cmd, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	/* Kept before anything else is asked: from here on nothing can lose it. */
	for (int i = 0; i < STORE_TRIES && store_grant(n, &db, e) == ERR_BUSY; i++)
		cmd_say(n->cmd,
			"somebody holds the database; the token waits to be kept");
	if (e->code == ERR_OK)
		buf_addf(said,
			 "The destination %s is connected. You may close this page; the "
			 "terminal says the rest.",
			 n->cmd->argv[0]);
	db_close(&db);
	return e->code;
}

void connect_learn(struct connecting *n)
{
	struct account_access access = {n->endpoint, &n->http, &n->app, &n->grant.token};
	struct err e = {ERR_OK, ""};
	struct db db;

	account_read(&n->account, &access, n->grant.advertisers, n->pixel_id);
	if (cmd_open(n->cmd, DB_WRITE, &db, &e) != ERR_OK) {
		cmd_say(n->cmd, "%s", e.msg);
		return;
	}
	adopt_pixel(n, &db);
	account_read_info(&n->account, &access);
	adopt_timezone(n, &db);
	db_close(&db);
}

static json_t *items_json(const struct oauth_item *items, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(
			list, json_pack("{s:o, s:o}", "id",
					output_json_text(str_of(items[i].id)), "name",
					output_json_text(str_of(items[i].name))));
	return list;
}

static void say_account(const struct connecting *n)
{
	const struct account *a = &n->account;
	const struct cmd *c = n->cmd;

	for (int i = 0; i < a->advertiser_count; i++)
		cmd_say(c, "advertiser %s  %s", a->advertisers[i].id,
			a->advertisers[i].name);
	if (a->advertisers_left)
		cmd_say(c, "and %d advertisers more", a->advertisers_left);
	if (n->timezone_set)
		cmd_say(c, "set the time zone to the account's, %s", a->info.timezone);
	else if (a->info.timezone[0] && strcmp(a->info.timezone, n->timezone) != 0)
		cmd_say(c, "the account's time zone is %s, the destination's %s",
			a->info.timezone, n->timezone);
	else if (!a->is_read)
		cmd_say(c,
			"the account's time zone may not be read; the destination's is "
			"%s "
			"(convey destination set %s --timezone ZONE)",
			n->timezone, c->argv[0]);
	if (a->info.currency[0])
		cmd_say(c, "the account's currency is %s", a->info.currency);
}

static void say_life(const struct connecting *n)
{
	const struct grant *g = &n->grant;

	if (g->life_ms > 0)
		cmd_say(n->cmd, "the token expires in %lld s%s",
			(long long)(g->life_ms / 1000),
			g->refresh_token.len
				? "; convey run refreshes it"
				: ", and TikTok gave nothing to refresh it with: connect "
				  "again before");
}

void connect_report(const struct connecting *n)
{
	const struct account *a = &n->account;
	const struct cmd *c = n->cmd;

	cmd_say(c, "connected '%s'; its token is kept sealed", c->argv[0]);
	say_account(n);
	connect_say_pixels(n);
	say_life(n);
	cmd_result(c, json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:b, s:b}",
				"destination", c->argv[0], "done", "connected",
				"advertisers",
				items_json(a->advertisers, a->advertiser_count), "pixels",
				items_json(a->pixels, a->pixel_count), "pixel",
				n->pixel_id, "timezone",
				output_json_text(str_of(a->info.timezone)), "currency",
				output_json_text(str_of(a->info.currency)), "pixel_found",
				a->has_pixel, "timezone_set", n->timezone_set));
}
