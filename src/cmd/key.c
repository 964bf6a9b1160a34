/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "cmd/guard.h"
#include "cmd/verbs.h"
#include "store/checkpoint.h"
#include "store/rekey.h"

/* What was sealed with the old key leaves the WAL too. */
static void shrink(struct db *db)
{
	struct checkpoint checkpoint;
	struct err ignored = {ERR_OK, ""};

	if (checkpoint_open(&checkpoint, db, &ignored) == ERR_OK &&
	    checkpoint_shrink(&checkpoint, &ignored) != ERR_OK)
		ignored.code = ERR_OK;
	checkpoint_close(&checkpoint);
}

static enum err_code run_rotate(const struct cmd *c, struct err *e)
{
	int secrets = 0;
	struct db db;

	guard_process();
	if (cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	if (rekey(&db, c->db_path, c->dry_run, &secrets, e) == ERR_OK && !c->dry_run)
		shrink(&db);
	db_close(&db);
	if (e->code)
		return e->code;
	cmd_say(c, "%s %d secret%s with a new key", c->dry_run ? "would seal" : "sealed",
		secrets, secrets == 1 ? "" : "s");
	cmd_result(c, json_pack("{s:i, s:s}", "secrets", secrets, "done", "key rotated"));
	return ERR_OK;
}

static const struct command verb_rotate = {
	.name = "rotate",
	.usage = "",
	.summary = "seal every secret with a new key",
	.examples = "  convey key rotate\n"
		    "  convey key rotate --db /srv/shop/shop.db\n",
	.notes = "The key file gets new content in one step; a relay that runs goes on.\n"
		 "Killed anywhere, everything stays readable: run it again.\n"
		 "A copy of the database from before needs the key file from before.\n"
		 "Where the key comes from CREDENTIALS_DIRECTORY it cannot be changed "
		 "here.\n",
	.kind = CMD_CHANGES,
	.run = run_rotate,
};

static const struct command *const verbs[] = {&verb_rotate, NULL};

const struct command cmd_key = {
	.name = "key",
	.usage = "rotate",
	.summary = "the key that seals tokens: rotate",
	.examples = "  convey key rotate\n",
	.verbs = verbs,
};
