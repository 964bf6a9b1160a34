/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/clean.h"
#include "cmd/config_file.h"
#include "cmd/guard.h"
#include "cmd/outfile.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "store/rekey.h"

enum { LAID_OUT = JSON_INDENT(2) | JSON_REAL_PRECISION(15) };

static enum err_code write_to(const struct cmd *c, const char *path, const json_t *file,
			      struct err *e)
{
	struct buf out;
	char *text;

	if (strcmp(path, "-") == 0) {
		output_json(file, true);
		putchar('\n');
		return ERR_OK;
	}
	text = json_dumps(file, LAID_OUT);
	if (!text)
		abort();
	buf_init(&out, strlen(text) + 1);
	buf_adds(&out, str_of(text));
	buf_addc(&out, '\n');
	e->code = outfile_write(c->db_path, path, buf_str(&out), e);
	buf_fini(&out);
	free(text);
	return e->code;
}

static enum err_code run_export(const struct cmd *c, struct err *e)
{
	const char *path = c->argc ? c->argv[0] : "-";
	json_t *file = NULL;
	struct db db;

	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	if (config_file_export(&db, &file, e) == ERR_OK)
		e->code = write_to(c, path, file, e);
	json_decref(file);
	db_close(&db);
	return e->code;
}

static void print_value(const json_t *value)
{
	char *text = value && !json_is_null(value)
			     ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
							 JSON_REAL_PRECISION(15))
			     : NULL;
	struct buf clean;

	if (!text) {
		fputs("nothing", stdout);
		return;
	}
	buf_init(&clean, strlen(text) * 4 + 1);
	clean_text(&clean, str_of(text), CLEAN_LINE);
	fputs(buf_z(&clean), stdout);
	buf_fini(&clean);
	free(text);
}

static void print_difference(const json_t *difference)
{
	json_t *line;
	size_t i;

	json_array_foreach((json_t *)difference, i, line)
	{
		clean_print(stdout,
			    str_of(json_string_value(json_object_get(line, "path"))),
			    CLEAN_LINE);
		fputs(": ", stdout);
		print_value(json_object_get(line, "before"));
		fputs(" -> ", stdout);
		print_value(json_object_get(line, "after"));
		putchar('\n');
	}
}

static enum err_code put(const struct cmd *c, struct db *db, const json_t *file,
			 bool *noted, struct err *e)
{
	struct vault vault;
	bool has_vault = rekey_open(db, c->db_path, &vault, e) == ERR_OK;

	e->code = config_file_import(db, has_vault ? &vault : NULL, file, noted, e);
	vault_close(&vault);
	return e->code;
}

static enum err_code import(const struct cmd *c, struct db *db, const json_t *file,
			    json_t **difference, struct err *e)
{
	json_t *before = NULL, *after = NULL;
	bool noted = false;

	if (db_begin(db, e) == ERR_OK && config_file_export(db, &before, e) == ERR_OK &&
	    put(c, db, file, &noted, e) == ERR_OK &&
	    config_file_export(db, &after, e) == ERR_OK && cmd_commit(c, db, e) == ERR_OK)
		*difference = config_file_difference(before, after);
	if (*difference && noted)
		cmd_say(c, "convey run revokes at TikTok what the file does not name");
	db_rollback(db);
	json_decref(before);
	json_decref(after);
	return e->code;
}

static enum err_code run_import(const struct cmd *c, struct err *e)
{
	json_t *file = NULL, *difference = NULL;
	struct db db;
	size_t count;

	guard_process();
	if (config_file_read(c->argv[0], &file, e) != ERR_OK)
		return e->code;
	if (cmd_open(c, DB_WRITE, &db, e) == ERR_OK) {
		import(c, &db, file, &difference, e);
		db_close(&db);
	}
	json_decref(file);
	if (e->code != ERR_OK)
		return e->code;
	count = json_array_size(difference);
	if (!c->json)
		print_difference(difference);
	cmd_say(c, "%s %zu setting%s", c->dry_run ? "would change" : "changed", count,
		count == 1 ? "" : "s");
	cmd_result(c, json_pack("{s:o}", "changes", difference));
	return ERR_OK;
}

/* clang-format off: a member a line */
static const struct command verb_export = {
	.name = "export",
	.kind = CMD_READS,
	.run = run_export,
	.usage = "[FILE]",
	.summary = "destinations, event map and routes as JSON, without tokens",
	.examples = "  convey config export > convey.json\n"
		    "  convey config export convey.json\n",
	.operands_max = 1,
};
static const struct command verb_import = {
	.name = "import",
	.kind = CMD_CHANGES,
	.run = run_import,
	.usage = "FILE",
	.summary = "make the configuration as the file has it, all or nothing",
	.examples = "  convey config import convey.json --dry-run\n"
		    "  convey config import convey.json\n",
	.notes = "What a section of the file does not name is removed; a section that is "
		 "not "
		 "in the file\n"
		 "stays as it is. New destinations wait for a token. Prints what "
		 "changes.\n",
	.operands_min = 1,
	.operands_max = 1,
};
/* clang-format on */

static const struct command *const verbs[] = {&verb_export, &verb_import, NULL};

const struct command cmd_config = {
	.name = "config",
	.usage = "VERB",
	.summary = "the configuration as a file: export, import",
	.examples = "  convey config export > convey.json\n"
		    "  convey config import convey.json --dry-run\n",
	.verbs = verbs,
};
