/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cmd/guard.h"
#include "cmd/verbs.h"
#include "net/oauth.h"
#include "store/checkpoint.h"
#include "store/credential.h"
#include "store/destination.h"
#include "store/disconnect.h"
#include "store/rekey.h"
#include "store/revocation.h"
#include "store/setting.h"

enum { TIMEOUT_MS = 30000, LEASE_MS = 60 * 1000 };

#define OTHER_END                                                                        \
	"TikTok for Business > Account > Authorized apps (https://business.tiktok.com)"

static const struct cmd_option options[] = {
	{"keep-pending", NULL, "conversions that wait stay, for the next token"},
	{"ca-file", "FILE", "trust these certificates (PEM) instead of the system's"},
	{NULL, NULL, NULL},
};

struct parting {
	const struct cmd *cmd;
	struct db db;
	struct vault vault;
	bool has_vault;
	int32_t id;
	bool had_token;
	bool noted;      /* TikTok is to be told */
	bool told;       /* and was */
	bool only;       /* there is no other destination */
	int64_t through; /* rows of the outbox up to here are given up */
	int64_t cancelled;
	int64_t unread;     /* and these the relay cancels, when it reads them */
	struct err trouble; /* why it was not */
};

/* The secrets are gone and the note is there, or neither. */
static enum err_code part_here(struct parting *p, struct err *e)
{
	struct db *db = &p->db;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (destination_find(db, p->cmd->argv[0], &p->id, e) == ERR_OK &&
	    credential_has(db, p->id, "token", &p->had_token, e) == ERR_OK &&
	    (cmd_value(p->cmd, "keep-pending") ||
	     disconnect_mark(db, p->id, &p->through, &p->only, e) == ERR_OK)) {
		/* A lost key must not keep anybody from leaving. */
		p->has_vault = rekey_open(db, p->cmd->db_path, &p->vault, e) == ERR_OK;
		if ((p->has_vault || e->code == ERR_NOINPUT) &&
		    revocation_note(db, p->has_vault ? &p->vault : NULL, p->id,
				    clock_wall_ms() + LEASE_MS, &p->noted, e) == ERR_OK)
			e->code = cmd_commit(p->cmd, db, e);
	}
	db_rollback(db);
	return e->code;
}

/* In slices, so that producers and the relay never wait long for the lock. */
static enum err_code cancel_waiting(struct parting *p, struct err *e)
{
	int64_t count = 1;

	e->code = ERR_OK;
	while (count > 0 && e->code == ERR_OK) {
		if (db_begin(&p->db, e) == ERR_OK &&
		    disconnect_waiting(&p->db, p->id, p->through, &count, e) == ERR_OK &&
		    db_commit(&p->db, e) == ERR_OK)
			p->cancelled += count;
		db_rollback(&p->db);
	}
	return e->code;
}

/* Rows that other destinations may want are left to the relay. */
static enum err_code cancel_unread(struct parting *p, struct err *e)
{
	int64_t after = 0, count;

	e->code = ERR_OK;
	while (p->only && after < p->through && e->code == ERR_OK) {
		if (db_begin(&p->db, e) == ERR_OK &&
		    disconnect_unread(&p->db, p->id, p->through, &after, &count, e) ==
			    ERR_OK &&
		    db_commit(&p->db, e) == ERR_OK)
			p->cancelled += count;
		db_rollback(&p->db);
	}
	return e->code;
}

/* A token that TikTok does not know any more is as good as revoked. */
static bool tell(const struct grant *g, const char *endpoint, const char *ca_file,
		 struct err *why)
{
	struct http_options http = {TIMEOUT_MS, ca_file};
	struct oauth_app app;
	struct oauth oauth;

	memcpy(app.id, g->app_id, sizeof(app.id));
	app.secret = g->app_secret;
	oauth_init(&oauth, endpoint);
	oauth_ask_revoke(&oauth, &app, &g->token);
	if (oauth_perform(&oauth, &http, why) != ERR_OK && oauth_is_unknown_token(&oauth))
		why->code = ERR_OK;
	oauth_fini(&oauth);
	secret_fini(&app.secret);
	return why->code == ERR_OK;
}

/* What TikTok could not be told the relay tells it, from now on. */
static enum err_code settle_note(struct parting *p, struct err *e)
{
	struct grant_due due = {p->id, GRANT_REVOKE, 0};

	if (db_begin(&p->db, e) != ERR_OK)
		return e->code;
	if (p->told)
		e->code = revocation_end(&p->db, p->id, e);
	else if (grant_postpone(&p->db, &p->vault, &due, clock_wall_ms(), e) == ERR_OK)
		e->code = config_bump(&p->db, e);
	if (e->code == ERR_OK)
		e->code = db_commit(&p->db, e);
	db_rollback(&p->db);
	return e->code;
}

static enum err_code part_there(struct parting *p, const char *endpoint, struct err *e)
{
	struct grant *g = calloc(1, sizeof(*g));
	bool found = false;

	if (!g)
		abort();
	if (revocation_read(&p->db, &p->vault, p->id, g, &found, e) == ERR_OK && found)
		p->told = tell(g, endpoint, cmd_value(p->cmd, "ca-file"), &p->trouble);
	grant_fini(g);
	free(g);
	return e->code ? e->code : settle_note(p, e);
}

static enum err_code shrink(struct db *db, struct err *e)
{
	struct checkpoint checkpoint;

	if (checkpoint_open(&checkpoint, db, e) == ERR_OK)
		e->code = checkpoint_shrink(&checkpoint, e);
	checkpoint_close(&checkpoint);
	return e->code;
}

static void say_revocation(const struct parting *p)
{
	const struct cmd *c = p->cmd;

	if (c->dry_run && p->noted)
		cmd_say(c, "would revoke the token at TikTok");
	else if (p->told)
		cmd_say(c, "revoked the token at TikTok");
	else if (p->noted)
		cmd_say(c, "the token is not revoked at TikTok yet; convey run tries "
			   "again");
	else if (p->had_token && !p->has_vault)
		cmd_say(c, "without the key TikTok could not be told: revoke the token "
			   "there");
	else if (p->had_token)
		cmd_say(c, "no app stands behind the token: revoke it in Events Manager "
			   "(pixel > Settings > Events API)");
}

static void report(const struct parting *p)
{
	const struct cmd *c = p->cmd;

	if (p->had_token)
		cmd_say(c, "%s the credentials of '%s'",
			c->dry_run ? "would erase" : "erased", c->argv[0]);
	else
		cmd_say(c, "'%s' had no token", c->argv[0]);
	if (p->cancelled)
		cmd_say(c, "%lld waiting conversion%s%s cancelled (disconnected)",
			(long long)p->cancelled, p->cancelled == 1 ? "" : "s",
			c->dry_run          ? " would be"
			: p->cancelled == 1 ? " is"
					    : " are");
	if (p->unread)
		cmd_say(c, "%lld that no relay has read yet %s cancelled for it when %s",
			(long long)p->unread, c->dry_run ? "would be" : "will be",
			p->unread == 1 ? "it is read" : "they are read");
	say_revocation(p);
	cmd_say(c, "the other end: " OTHER_END);
	cmd_result(c, json_pack("{s:s, s:b, s:b, s:I, s:I, s:s}", "destination",
				c->argv[0], "revoked", p->told, "revocation_pending",
				p->noted && !p->told && !c->dry_run, "cancelled",
				(json_int_t)p->cancelled, "unread", (json_int_t)p->unread,
				"other_end", OTHER_END));
}

/* What waits: counted before it is cancelled, so that a dry run says the same. */
static enum err_code count(struct parting *p, struct err *e)
{
	int64_t waiting;

	if (cmd_value(p->cmd, "keep-pending"))
		return ERR_OK;
	if (disconnect_count(&p->db, p->id, &waiting, &p->unread, e) != ERR_OK)
		return e->code;
	if (p->cmd->dry_run)
		p->cancelled = waiting + (p->only ? p->unread : 0);
	if (p->only)
		p->unread = 0;
	return ERR_OK;
}

static enum err_code part(struct parting *p, const char *endpoint, struct err *e)
{
	if (part_here(p, e) != ERR_OK || count(p, e) != ERR_OK || p->cmd->dry_run)
		return e->code;
	if (cancel_waiting(p, e) != ERR_OK || cancel_unread(p, e) != ERR_OK)
		return e->code;
	if (p->noted && part_there(p, endpoint, e) != ERR_OK)
		return e->code;
	return shrink(&p->db, e);
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct parting *p = calloc(1, sizeof(*p));
	char endpoint[ENDPOINT_MAX];

	if (!p)
		abort();
	guard_process();
	p->cmd = c;
	if (guard_endpoint(endpoint, e) == ERR_OK &&
	    cmd_open(c, DB_WRITE, &p->db, e) == ERR_OK) {
		if (part(p, endpoint, e) == ERR_OK)
			report(p);
		db_close(&p->db);
	}
	if (p->trouble.code && !e->code)
		err_set(e, ERR_UNAVAILABLE, "%s", p->trouble.msg);
	vault_close(&p->vault);
	free(p);
	return e->code;
}

const struct command cmd_disconnect = {
	.name = "disconnect",
	.usage = "NAME [--keep-pending] [--ca-file FILE]",
	.summary = "revoke the token at TikTok, erase it here, stop sending",
	.examples =
		"  convey disconnect shop\n"
		"  convey disconnect shop --keep-pending   # a new token sends them\n",
	.notes =
		"Conversions that wait for the destination end cancelled (disconnected); "
		"convey retry\n"
		"--status cancelled --reason disconnected brings them back.\n"
		"Where TikTok cannot be reached the token is erased here all the same, "
		"the exit status\n"
		"is 69, and convey run goes on trying to revoke it.\n",
	.options = options,
	.kind = CMD_CHANGES,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
