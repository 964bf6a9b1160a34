/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <unistd.h>

#include "cmd/guard.h"
#include "cmd/verbs.h"
#include "core/event_map.h"
#include "store/map.h"
#include "store/migrate.h"
#include "store/vault.h"

struct done {
	bool created;
	int migrations;
	bool key_created;
	int mapped;
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
	if (d->mapped)
		cmd_say(c, "%s %d common events (convey map list)",
			c->dry_run ? "would map" : "mapped", d->mapped);
	if (d->created && !c->dry_run)
		cmd_say(c, "next: convey destination add NAME --source web --id PIXEL");
	cmd_result(c, json_pack("{s:s, s:b, s:i, s:s, s:b, s:i}", "database", c->db_path,
				"created", d->created, "migrations", d->migrations,
				"key_file", key->path, "key_created", d->key_created,
				"events_mapped", d->mapped));
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

/* A dry run of a file that has to be migrated first cannot look at its map; of one that is
 * not there it knows all that would come. */
static enum err_code make_database(const struct cmd *c, struct done *d, struct err *e)
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
	if (migrate(&db, c->dry_run, &d->migrations, e) == ERR_OK && !c->dry_run)
		e->code = fill(c, &db, d, e);
	db_close(&db);
	return e->code;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct done d = {0};
	struct vault key;

	guard_process();
	if (vault_locate(&key, c->db_path, e) != ERR_OK ||
	    make_database(c, &d, e) != ERR_OK)
		return e->code;
	if (c->dry_run)
		d.key_created = !key.credential && access(key.path, F_OK) != 0;
	else if (vault_create(c->db_path, &d.key_created, e) != ERR_OK)
		return e->code;
	if (!c->dry_run) {
		if (vault_open(&key, c->db_path, e) != ERR_OK)
			return e->code;
		OPENSSL_cleanse(key.key, sizeof(key.key));
	}
	report(c, &d, &key);
	return ERR_OK;
}

const struct command cmd_init = {
	.name = "init",
	.usage = "",
	.summary = "create or migrate the database and its key file",
	.examples = "  convey init\n"
		    "  convey init --db /var/lib/convey/outbox.db\n",
	.notes = "The key file (mode 0600) is the database's name with .key, or "
		 "CONVEY_KEY_FILE;\n"
		 "where CREDENTIALS_DIRECTORY is set it is convey.key there and is never "
		 "made.\n"
		 "Doing it again changes nothing.\n",
	.kind = CMD_CHANGES,
	.run = run,
};
