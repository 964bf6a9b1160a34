/* SPDX-License-Identifier: MIT */
#include "store/revocation.h"

#include <stdio.h>

#include "core/reason.h"
#include "store/setting.h"

enum { FIELDS = 3 };

static const char *const fields_of_grant[FIELDS] = {"token", "app_id", "app_secret"};
static const char *const fields_of_note[FIELDS] = {"revoke_token", "revoke_app_id",
						   "revoke_app_secret"};

/* A statement with ?1 the destination. */
static enum err_code on_destination(struct db *db, const char *sql, int32_t id,
				    struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, id);
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

/* Secrets that do not open any more are of no use to TikTok either: then there is no note. */
static bool read_grant(struct db *db, const struct vault *vault, int32_t id,
		       const char *const *fields, struct secret *out)
{
	for (int i = 0; vault && i < FIELDS; i++) {
		struct err ignored = {ERR_OK, ""};
		bool found = false;

		if (credential_get(db, vault, id, fields[i], &out[i], &found, &ignored) !=
			    ERR_OK ||
		    !found)
			return false;
	}
	return vault != NULL;
}

static enum err_code write_note(struct db *db, const struct vault *vault, int32_t id,
				const struct secret *parts, int64_t at_ms, struct err *e)
{
	struct secret at;

	for (int i = 0; i < FIELDS; i++)
		if (credential_set(db, vault, id, fields_of_note[i], &parts[i], e) !=
		    ERR_OK)
			return e->code;
	at.len = (size_t)snprintf((char *)at.bytes, sizeof(at.bytes), "%lld",
				  (long long)at_ms);
	return credential_set(db, vault, id, "revoke_at", &at, e);
}

enum err_code revocation_note(struct db *db, const struct vault *vault,
			      int32_t destination_id, int64_t at_ms, bool *noted,
			      struct err *e)
{
	struct secret parts[FIELDS] = {0};

	*noted = read_grant(db, vault, destination_id, fields_of_grant, parts) ||
		 read_grant(db, vault, destination_id, fields_of_note, parts);
	if (credential_erase(db, destination_id, e) == ERR_OK && *noted)
		e->code = write_note(db, vault, destination_id, parts, at_ms, e);
	OPENSSL_cleanse(parts, sizeof(parts));
	if (e->code ||
	    on_destination(db,
			   "UPDATE destination SET reason = 17, blocked_until = NULL, "
			   "last_error = NULL WHERE id = ?1",
			   destination_id, e) != ERR_OK)
		return e->code;
	return config_bump(db, e);
}

enum err_code revocation_of_stray(struct db *db, const struct vault *vault,
				  int32_t destination_id, const struct grant *g,
				  int64_t at_ms, struct err *e)
{
	struct secret parts[FIELDS];
	bool has = false;

	if (credential_has(db, destination_id, "token", &has, e) != ERR_OK || has)
		return e->code;
	parts[0] = g->token;
	parts[1].len = strlen(g->app_id);
	memcpy(parts[1].bytes, g->app_id, parts[1].len);
	parts[2] = g->app_secret;
	e->code = write_note(db, vault, destination_id, parts, at_ms, e);
	OPENSSL_cleanse(parts, sizeof(parts));
	return e->code;
}

enum err_code revocation_forgive(struct db *db, const struct vault *vault,
				 int32_t destination_id, const struct secret *token,
				 struct err *e)
{
	struct err ignored = {ERR_OK, ""};
	struct secret noted = {{0}, 0};
	bool found = false;

	e->code = ERR_OK;
	if (credential_get(db, vault, destination_id, "revoke_token", &noted, &found,
			   &ignored) == ERR_OK &&
	    found && noted.len == token->len &&
	    CRYPTO_memcmp(noted.bytes, token->bytes, token->len) == 0)
		e->code = revocation_end(db, destination_id, e);
	secret_fini(&noted);
	return e->code;
}

enum err_code revocation_read(struct db *db, const struct vault *vault,
			      int32_t destination_id, struct grant *out, bool *found,
			      struct err *e)
{
	struct secret app_id = {{0}, 0};

	memset(out, 0, sizeof(*out));
	*found = false;
	if (credential_get(db, vault, destination_id, "revoke_token", &out->token, found,
			   e) != ERR_OK ||
	    !*found ||
	    credential_get(db, vault, destination_id, "revoke_app_id", &app_id, found,
			   e) != ERR_OK ||
	    credential_get(db, vault, destination_id, "revoke_app_secret",
			   &out->app_secret, found, e) != ERR_OK)
		return e->code;
	snprintf(out->app_id, sizeof(out->app_id), "%.*s", (int)app_id.len,
		 (const char *)app_id.bytes);
	return ERR_OK;
}

enum err_code revocation_end(struct db *db, int32_t destination_id, struct err *e)
{
	return on_destination(
		db,
		"DELETE FROM credential WHERE destination_id = ?1 AND field "
		"LIKE 'revoke%'",
		destination_id, e);
}

_Static_assert(REASON_NEEDS_TOKEN == 17, "a statement above names it by number");
