/* SPDX-License-Identifier: MIT */
#include "store/grant.h"

#include <stdio.h>

static const char *const due_fields[] = {
	[GRANT_REFRESH] = "refresh_at",
	[GRANT_REVOKE] = "revoke_at",
};

#define INTENT "refresh_asked_at"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 15 * 60 * 1000, RETRY_EXPIRED_MS = 60 * 1000 };

void grant_fini(struct grant *g)
{
	OPENSSL_cleanse(g, sizeof(*g));
}

/* Nothing where it is empty. */
static enum err_code set_secret(struct db *db, const struct vault *vault, int32_t id,
				const char *field, const struct secret *secret,
				struct err *e)
{
	if (secret->len == 0)
		return credential_erase_field(db, id, field, e);
	return credential_set(db, vault, id, field, secret, e);
}

static enum err_code set_text(struct db *db, const struct vault *vault, int32_t id,
			      const char *field, const char *text, struct err *e)
{
	struct secret secret;

	secret.len = strlen(text);
	memcpy(secret.bytes, text, secret.len);
	return set_secret(db, vault, id, field, &secret, e);
}

static enum err_code set_time(struct db *db, const struct vault *vault, int32_t id,
			      const char *field, int64_t ms, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)ms);
	return set_text(db, vault, id, field, text, e);
}

/* A token with a life is looked after at 80 % of it. */
static enum err_code set_life(struct db *db, const struct vault *vault, int32_t id,
			      const struct grant *g, bool refreshable, int64_t now_ms,
			      struct err *e)
{
	if (g->life_ms <= 0)
		return credential_erase_field(db, id, "refresh_at", e);
	if (set_time(db, vault, id, "expires_at", now_ms + g->life_ms, e) != ERR_OK)
		return e->code;
	if (!refreshable)
		return ERR_OK;
	return set_time(db, vault, id, "refresh_at", now_ms + g->life_ms / 5 * 4, e);
}

enum err_code grant_store(struct db *db, const struct vault *vault,
			  int32_t destination_id, const struct grant *g, int64_t now_ms,
			  struct err *e)
{
	if (credential_erase(db, destination_id, e) != ERR_OK ||
	    set_secret(db, vault, destination_id, "token", &g->token, e) != ERR_OK ||
	    set_text(db, vault, destination_id, "app_id", g->app_id, e) != ERR_OK ||
	    set_secret(db, vault, destination_id, "app_secret", &g->app_secret, e) !=
		    ERR_OK ||
	    set_secret(db, vault, destination_id, "refresh_token", &g->refresh_token,
		       e) != ERR_OK ||
	    set_text(db, vault, destination_id, "advertiser_ids", g->advertisers, e) !=
		    ERR_OK ||
	    set_text(db, vault, destination_id, "currency", g->currency, e) != ERR_OK)
		return e->code;
	return set_life(db, vault, destination_id, g, g->refresh_token.len > 0, now_ms,
			e);
}

/* 0: never. A refresh lies at most 80 % of the token's life ahead, and the rest of that is what
 * lies between it and the end; what was put off lies no further than the longest wait. */
static enum err_code due_time(struct db *db, const struct vault *vault, int32_t id,
			      enum grant_task task, int64_t now_ms, int64_t *at_ms,
			      struct err *e)
{
	int64_t expires_ms = 0;

	if (credential_time(db, vault, id, due_fields[task], at_ms, e) != ERR_OK ||
	    *at_ms - now_ms <= RETRY_MAX_MS)
		return e->code;
	if (task == GRANT_REFRESH &&
	    credential_time(db, vault, id, "expires_at", &expires_ms, e) != ERR_OK)
		return e->code;
	if (*at_ms - now_ms > (expires_ms - *at_ms + 1) * 4)
		*at_ms = now_ms;
	return ERR_OK;
}

static void keep_earlier(const struct vault *vault, struct db *db, int32_t id,
			 enum grant_task task, int64_t now_ms, struct grant_due *out,
			 bool *found)
{
	struct err ignored = {ERR_OK, ""};
	int64_t at_ms = 0;

	if (due_time(db, vault, id, task, now_ms, &at_ms, &ignored) != ERR_OK ||
	    at_ms == 0 || (*found && at_ms >= out->at_ms))
		return;
	*out = (struct grant_due){id, task, at_ms};
	*found = true;
}

enum err_code grant_next(struct db *db, const struct vault *vault, int64_t now_ms,
			 struct grant_due *out, bool *found, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	*found = false;
	if (db_prepare(db,
		       "SELECT destination_id, field = 'revoke_at' FROM credential WHERE "
		       "field IN ('refresh_at', 'revoke_at')",
		       &stmt, e) != ERR_OK)
		return e->code;
	while (db_step(db, stmt, &row, e) == ERR_OK && row)
		keep_earlier(vault, db, sqlite3_column_int(stmt, 0),
			     sqlite3_column_int(stmt, 1) ? GRANT_REVOKE : GRANT_REFRESH,
			     now_ms, out, found);
	sqlite3_finalize(stmt);
	return e->code;
}

static enum err_code need(struct db *db, const struct vault *vault, int32_t id,
			  const char *field, struct secret *out, struct err *e)
{
	bool found = false;

	if (credential_get(db, vault, id, field, out, &found, e) != ERR_OK || found)
		return e->code;
	return err_set(e, ERR_CORRUPT,
		       "%s of destination %d is missing; connect it again", field, id);
}

static enum err_code read_task(struct db *db, const struct vault *vault,
			       const struct grant_due *due, struct grant *out,
			       struct err *e)
{
	bool refresh = due->task == GRANT_REFRESH;
	int32_t id = due->destination_id;
	struct secret app_id;

	if (need(db, vault, id, refresh ? "app_id" : "revoke_app_id", &app_id, e) !=
		    ERR_OK ||
	    need(db, vault, id, refresh ? "app_secret" : "revoke_app_secret",
		 &out->app_secret, e) != ERR_OK)
		return e->code;
	snprintf(out->app_id, sizeof(out->app_id), "%.*s", (int)app_id.len,
		 (const char *)app_id.bytes);
	return refresh ? need(db, vault, id, "refresh_token", &out->refresh_token, e)
		       : need(db, vault, id, "revoke_token", &out->token, e);
}

enum err_code grant_take(struct db *db, const struct vault *vault,
			 const struct grant_due *due, int64_t now_ms, int64_t lease_ms,
			 struct grant *out, bool *taken, struct err *e)
{
	int32_t id = due->destination_id;
	int64_t at_ms;

	memset(out, 0, sizeof(*out));
	*taken = false;
	if (due_time(db, vault, id, due->task, now_ms, &at_ms, e) != ERR_OK ||
	    at_ms == 0 || at_ms > now_ms)
		return e->code;
	if (read_task(db, vault, due, out, e) != ERR_OK ||
	    set_time(db, vault, id, due_fields[due->task], now_ms + lease_ms, e) !=
		    ERR_OK ||
	    (due->task == GRANT_REFRESH &&
	     set_time(db, vault, id, INTENT, now_ms, e) != ERR_OK))
		return e->code;
	*taken = true;
	return ERR_OK;
}

/* The next destination behind `id`, in their order, that has an intent; 0: none. */
static enum err_code next_intent(struct db *db, int32_t *id, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT destination_id FROM credential WHERE destination_id > ?1 "
		       "AND field = '" INTENT "' ORDER BY 1 LIMIT 1",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, *id);
	if (db_step(db, stmt, &row, e) == ERR_OK)
		*id = row ? sqlite3_column_int(stmt, 0) : 0;
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code grant_reclaim(struct db *db, const struct vault *vault, int64_t now_ms,
			    struct err *e)
{
	int32_t id = 0;

	while (next_intent(db, &id, e) == ERR_OK && id)
		if (set_time(db, vault, id, due_fields[GRANT_REFRESH], now_ms, e) !=
		    ERR_OK)
			break;
	return e->code;
}

enum err_code grant_hasten(struct db *db, const struct vault *vault,
			   int32_t destination_id, int64_t now_ms, struct err *e)
{
	int64_t at_ms;

	if (credential_time(db, vault, destination_id, due_fields[GRANT_REFRESH], &at_ms,
			    e) != ERR_OK ||
	    at_ms <= now_ms)
		return e->code;
	return set_time(db, vault, destination_id, due_fields[GRANT_REFRESH], now_ms, e);
}

enum err_code grant_holds(struct db *db, const struct vault *vault,
			  int32_t destination_id, const struct secret *used, bool *holds,
			  struct err *e)
{
	struct secret now = {{0}, 0};
	bool found = false;

	if (credential_get(db, vault, destination_id, "refresh_token", &now, &found, e) !=
	    ERR_OK)
		return e->code;
	*holds = found && now.len == used->len &&
		 CRYPTO_memcmp(now.bytes, used->bytes, used->len) == 0;
	secret_fini(&now);
	return ERR_OK;
}

enum err_code grant_renew(struct db *db, const struct vault *vault,
			  int32_t destination_id, const struct secret *used,
			  const struct grant *fresh, int64_t now_ms, bool *kept,
			  struct err *e)
{
	if (grant_holds(db, vault, destination_id, used, kept, e) != ERR_OK || !*kept)
		return e->code;
	if (set_secret(db, vault, destination_id, "token", &fresh->token, e) != ERR_OK ||
	    (fresh->refresh_token.len &&
	     set_secret(db, vault, destination_id, "refresh_token", &fresh->refresh_token,
			e) != ERR_OK))
		return e->code;
	if (credential_erase_field(db, destination_id, INTENT, e) != ERR_OK)
		return e->code;
	return set_life(db, vault, destination_id, fresh, true, now_ms, e);
}

enum err_code grant_postpone(struct db *db, const struct vault *vault,
			     const struct grant_due *due, int64_t at_ms, struct err *e)
{
	int64_t now_at_ms;

	if (credential_time(db, vault, due->destination_id, due_fields[due->task],
			    &now_at_ms, e) != ERR_OK ||
	    now_at_ms == 0)
		return e->code;
	if (due->task == GRANT_REFRESH &&
	    credential_erase_field(db, due->destination_id, INTENT, e) != ERR_OK)
		return e->code;
	return set_time(db, vault, due->destination_id, due_fields[due->task], at_ms, e);
}

enum err_code grant_retry_ms(struct db *db, const struct vault *vault,
			     int32_t destination_id, int64_t now_ms, int64_t *at_ms,
			     struct err *e)
{
	int64_t expires_ms, wait;

	if (credential_time(db, vault, destination_id, "expires_at", &expires_ms, e) !=
	    ERR_OK)
		return e->code;
	wait = expires_ms > now_ms ? (expires_ms - now_ms) / 4 : RETRY_EXPIRED_MS;
	if (wait < RETRY_MIN_MS)
		wait = RETRY_MIN_MS;
	*at_ms = now_ms + (wait > RETRY_MAX_MS ? RETRY_MAX_MS : wait);
	return ERR_OK;
}
