/* SPDX-License-Identifier: MIT */
#include "store/credential.h"

#include <stdio.h>

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

enum err_code credential_erase(struct db *db, int32_t destination_id, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, "DELETE FROM credential WHERE destination_id = ?1", &stmt,
		       e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, destination_id);
	e->code = db_run(db, stmt, e);
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
