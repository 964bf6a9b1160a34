/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <unistd.h>

#include "cmd/guard.h"
#include "cmd/verbs.h"
#include "core/event_map.h"
#include "store/credential.h"
#include "store/map.h"
#include "store/migrate.h"
#include "store/rekey.h"

struct done {
	bool created;
	int migrations;
	bool key_created;
	int mapped;
	int closed; /* secrets that the key does not open */
};

static void report(const struct cmd *c, const struct done *d, const struct vault *key)
{
	const char *create = c->dry_run ? "would create" : "created";

	if (d->created)
		cmd_say(c, "%s the database '%s'", create, c->db_path);
	else if (d->migrations)
		cmd_say(c, "%s '%s' by %d step%s",
			c->dry_run ? "would migrate" : "migrated", c->db_path,
			d->migrations, d->migrations == 1 ? "" : "s");
	else
		cmd_say(c, "'%s' is up to date", c->db_path);
	if (d->key_created)
		cmd_say(c, "%s the key file '%s'; keep a copy apart from the database",
			create, key->path);
	if (d->key_created && d->migrations < migration_count &&
	    !cmd_value(c, "key-lost"))
		cmd_say(c, "the database was there before: if it has a key elsewhere, "
			   "remove this one, and name that with CONVEY_KEY_FILE (the "
			   "service's: conveyctl)");
	if (d->closed)
		cmd_say(c,
			"%d secret%s stay%s sealed with a key that is lost; set each "
			"token "
			"again: convey token set NAME < token.txt",
			d->closed, d->closed == 1 ? "" : "s", d->closed == 1 ? "s" : "");
	if (d->mapped)
		cmd_say(c, "%s %d common events (convey map list)",
			c->dry_run ? "would map" : "mapped", d->mapped);
	if (d->created && !c->dry_run)
		cmd_say(c, "next: convey destination add NAME --source web --id PIXEL");
	cmd_result(c, json_pack("{s:s, s:b, s:i, s:s, s:b, s:i, s:i}", "database",
				c->db_path, "created", d->created, "migrations",
				d->migrations, "key_file", key->path, "key_created",
				d->key_created, "events_mapped", d->mapped,
				"secrets_closed", d->closed));
}

static enum err_code fill(const struct cmd *c, struct db *db, struct done *d,
			  struct err *e)
{
	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (map_fill(db, &d->mapped, e) == ERR_OK && cmd_commit(c, db, e) == ERR_OK)
		return ERR_OK;
	db_rollback(db);
	return e->code;
}

/* A key made here would open none of the secrets, and whoever has theirs none of what it
 * seals: more likely we look for it in the wrong place. */
static enum err_code check_key(const struct cmd *c, struct db *db,
			       const struct vault *key, struct err *e)
{
	int sealed = 0, foreign = 0;

	if (key->credential || cmd_value(c, "key-lost") || access(key->path, F_OK) == 0 ||
	    errno != ENOENT ||
	    credential_foreign(db, key, &sealed, &foreign, e) != ERR_OK || sealed == 0)
		return e->code;
	return err_set(
		e, ERR_NOINPUT,
		"secrets here are sealed, and their key is not there: put it back, "
		"name its place with CONVEY_KEY_FILE (the service's: conveyctl), "
		"or, if it is lost: convey init --key-lost; looked for: '%s'",
		key->path);
}

/* A dry run of a file that has to be migrated first cannot look at its map; of one that is
 * not there it knows all that would come. */
static enum err_code make_database(const struct cmd *c, const struct vault *key,
				   struct done *d, struct err *e)
{
	struct db db;

	d->created = access(c->db_path, F_OK) != 0;
	if (d->created && c->dry_run) {
		d->migrations = migration_count;
		d->mapped = (int)event_map_defaults_count;
		return ERR_OK;
	}
	if (db_open(&db, c->db_path, c->dry_run ? DB_READ : DB_CREATE, e) != ERR_OK)
		return e->code;
	if (migrate(&db, c->dry_run, &d->migrations, e) == ERR_OK &&
	    (!c->dry_run || d->migrations == 0) && check_key(c, &db, key, e) == ERR_OK &&
	    !c->dry_run)
		e->code = fill(c, &db, d, e);
	db_close(&db);
	return e->code;
}

/* What is sealed from now on has this key, though it opens nothing of what is there. */
static enum err_code adopt_key(const struct cmd *c, const struct vault *key,
			       struct done *d, struct err *e)
{
	int sealed = 0;
	struct db db;

	if (cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	if (db_begin(&db, e) == ERR_OK &&
	    credential_foreign(&db, key, &sealed, &d->closed, e) == ERR_OK &&
	    rekey_adopt(&db, key, e) == ERR_OK)
		e->code = db_commit(&db, e);
	db_rollback(&db);
	db_close(&db);
	return e->code;
}

/* The key file is there, and can be read. */
static enum err_code make_key(const struct cmd *c, struct vault *key, struct done *d,
			      struct err *e)
{
	if (vault_create(c->db_path, &d->key_created, e) != ERR_OK ||
	    vault_open(key, c->db_path, e) != ERR_OK)
		return e->code;
	if (cmd_value(c, "key-lost") && !key->credential)
		e->code = adopt_key(c, key, d, e);
	OPENSSL_cleanse(key->key, sizeof(key->key));
	return e->code;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct done d = {0};
	struct vault key;

	guard_process();
	if (vault_locate(&key, c->db_path, e) != ERR_OK ||
	    make_database(c, &key, &d, e) != ERR_OK)
		return e->code;
	if (c->dry_run)
		d.key_created = !key.credential && access(key.path, F_OK) != 0;
	else if (make_key(c, &key, &d, e) != ERR_OK)
		return e->code;
	report(c, &d, &key);
	return ERR_OK;
}

static const struct cmd_option options[] = {
	{"key-lost", NULL, "the key of the secrets is gone: another counts"},
	{NULL, NULL, NULL},
};

const struct command cmd_init = {
	.name = "init",
	.usage = "[--key-lost]",
	.summary = "create or migrate the database and its key file",
	.examples = "  convey init\n"
		    "  convey init --db /srv/shop/shop.db\n",
	.notes = "The key file (mode 0600) is the database's name with .key, or "
		 "CONVEY_KEY_FILE;\n"
		 "where CREDENTIALS_DIRECTORY is set it is convey.key there and is never "
		 "made.\n"
		 "Doing it again changes nothing. Where secrets are sealed and their key "
		 "is "
		 "not there,\n"
		 "none is made: first name its place, or say --key-lost and set the "
		 "tokens "
		 "again.\n",
	.options = options,
	.kind = CMD_CHANGES,
	.run = run,
};
