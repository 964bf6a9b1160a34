/* SPDX-License-Identifier: MIT */
#include "store/credential.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static struct vault_place place_of(int32_t destination_id, const char *field)
{
	return (struct vault_place){
		.table = "credential", .field = field, .destination_id = destination_id};
}

static enum err_code write_sealed(struct db *db, int32_t destination_id,
				  const char *field, struct str sealed, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db,
		       "INSERT INTO credential (destination_id, field, sealed, set_at) "
		       "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
		       "sealed = excluded.sealed, set_at = excluded.set_at",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, destination_id);
	db_bind(stmt, 2, str_of(field));
	sqlite3_bind_blob64(stmt, 3, sealed.p, sealed.len, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, clock_wall_ms());
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

/* The same secret under another key: when it was set stays. */
static enum err_code reseal(struct db *db, int32_t destination_id, const char *field,
			    struct str sealed, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db,
		       "UPDATE credential SET sealed = ?3 WHERE destination_id = ?1 AND "
		       "field = ?2",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, destination_id);
	db_bind(stmt, 2, str_of(field));
	sqlite3_bind_blob64(stmt, 3, sealed.p, sealed.len, SQLITE_STATIC);
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code credential_set(struct db *db, const struct vault *vault,
			     int32_t destination_id, const char *field,
			     const struct secret *secret, struct err *e)
{
	struct vault_place place = place_of(destination_id, field);
	struct buf sealed;

	buf_init(&sealed, VAULT_SEALED_MAX);
	if (vault_seal(vault, &place, secret, &sealed, e) == ERR_OK)
		e->code = write_sealed(db, destination_id, field, buf_str(&sealed), e);
	buf_fini(&sealed);
	return e->code;
}

enum err_code credential_get(struct db *db, const struct vault *vault,
			     int32_t destination_id, const char *field,
			     struct secret *out, bool *found, struct err *e)
{
	struct vault_place place = place_of(destination_id, field);
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT sealed FROM credential WHERE destination_id = ?1 AND "
		       "field = ?2",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, destination_id);
	db_bind(stmt, 2, str_of(field));
	e->code = db_step(db, stmt, &row, e);
	if (e->code == ERR_OK && row)
		e->code = vault_unseal(vault, &place, db_column(stmt, 0), out, e);
	if (e->code == ERR_OK)
		*found = row;
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code credential_time(struct db *db, const struct vault *vault,
			      int32_t destination_id, const char *field, int64_t *ms,
			      struct err *e)
{
	struct secret secret;
	bool found = false;
	char text[24];

	*ms = 0;
	if (credential_get(db, vault, destination_id, field, &secret, &found, e) !=
		    ERR_OK ||
	    !found)
		return e->code;
	snprintf(text, sizeof(text), "%.*s", (int)secret.len, (const char *)secret.bytes);
	*ms = strtoll(text, NULL, 10);
	return ERR_OK;
}

enum err_code credential_has(struct db *db, int32_t destination_id, const char *field,
			     bool *has, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(
		    db,
		    "SELECT 1 FROM credential WHERE destination_id = ?1 AND field = ?2",
		    &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, destination_id);
	db_bind(stmt, 2, str_of(field));
	e->code = db_step(db, stmt, has, e);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code credential_erase(struct db *db, int32_t destination_id, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db,
		       "DELETE FROM credential WHERE destination_id = ?1 AND field "
		       "NOT LIKE 'revoke%'",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, destination_id);
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code credential_erase_field(struct db *db, int32_t destination_id,
				     const char *field, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db,
		       "DELETE FROM credential WHERE destination_id = ?1 AND field = ?2",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, destination_id);
	db_bind(stmt, 2, str_of(field));
	e->code = db_run(db, stmt, e);
	sqlite3_finalize(stmt);
	return e->code;
}

/* The row behind (destination, field), in their order; `field` has room for 64 bytes. */
static enum err_code next_field(struct db *db, sqlite3_stmt *stmt, int32_t *id,
				char *field, bool *row, struct err *e)
{
	sqlite3_bind_int(stmt, 1, *id);
	db_bind(stmt, 2, str_of(field));
	if (db_step(db, stmt, row, e) == ERR_OK && *row) {
		char name[64];

		*id = sqlite3_column_int(stmt, 0);
		snprintf(name, sizeof(name), "%.*s", STR_ARG(db_column(stmt, 1)));
		sqlite3_reset(stmt);
		memcpy(field, name, sizeof(name));
	}
	sqlite3_reset(stmt);
	return e->code;
}

static enum err_code reseal_field(struct db *db, const struct vault *from,
				  const struct vault *to, int32_t id, const char *field,
				  struct err *e)
{
	struct vault_place place = place_of(id, field);
	struct secret secret;
	struct buf sealed;
	bool found;

	if (credential_get(db, from, id, field, &secret, &found, e) != ERR_OK)
		return e->code;
	buf_init(&sealed, VAULT_SEALED_MAX);
	if (vault_seal(to, &place, &secret, &sealed, e) == ERR_OK)
		e->code = reseal(db, id, field, buf_str(&sealed), e);
	buf_fini(&sealed);
	secret_fini(&secret);
	return e->code;
}

enum err_code credential_foreign(struct db *db, const struct vault *vault, int *sealed,
				 int *foreign, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT count(*), count(CASE WHEN substr(sealed, 2, 4) IS NOT ?1 "
		       "THEN 1 END) FROM credential",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_blob(stmt, 1, vault->id, sizeof(vault->id), SQLITE_STATIC);
	if (db_step(db, stmt, &row, e) == ERR_OK) {
		*sealed = sqlite3_column_int(stmt, 0);
		*foreign = sqlite3_column_int(stmt, 1);
	}
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code credential_reseal(struct db *db, const struct vault *from,
				const struct vault *to, int *count, struct err *e)
{
	char field[64] = "";
	sqlite3_stmt *stmt;
	int32_t id = 0;
	bool row;

	*count = 0;
	if (db_prepare(db,
		       "SELECT destination_id, field FROM credential WHERE "
		       "(destination_id, field) > (?1, ?2) ORDER BY 1, 2 LIMIT 1",
		       &stmt, e) != ERR_OK)
		return e->code;
	e->code = ERR_OK;
	while (next_field(db, stmt, &id, field, &row, e) == ERR_OK && row) {
		if (reseal_field(db, from, to, id, field, e) != ERR_OK)
			break;
		++*count;
	}
	sqlite3_finalize(stmt);
	return e->code;
}

static bool opens(const struct vault *vault, sqlite3_stmt *stmt, struct err *e)
{
	struct vault_place place;
	struct secret secret;
	char field[64];

	snprintf(field, sizeof(field), "%.*s", STR_ARG(db_column(stmt, 1)));
	place = place_of(sqlite3_column_int(stmt, 0), field);
	if (vault_unseal(vault, &place, db_column(stmt, 2), &secret, e) != ERR_OK)
		return false;
	secret_fini(&secret);
	return true;
}

enum err_code credential_check(struct db *db, const struct vault *vault, int *sealed,
			       int *opened, struct err *e)
{
	struct err other;
	sqlite3_stmt *stmt;
	bool row;

	*sealed = *opened = 0;
	if (db_prepare(
		    db,
		    "SELECT destination_id, field, sealed FROM credential ORDER BY 1, 2",
		    &stmt, e) != ERR_OK)
		return e->code;
	while (db_step(db, stmt, &row, &other) == ERR_OK && row) {
		bool ok = opens(vault, stmt, *sealed == *opened ? e : &other);

		++*sealed;
		*opened += ok;
		other.code = ERR_OK;
	}
	sqlite3_finalize(stmt);
	return ERR_OK;
}
