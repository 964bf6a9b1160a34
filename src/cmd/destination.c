/* SPDX-License-Identifier: MIT */
#include "store/destination.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/guard.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "core/route_parse.h"
#include "store/destination_setting.h"
#include "store/rekey.h"
#include "store/revocation.h"
#include "store/routes.h"

enum { ROUTES_SHOWN = 4096 };

/* clang-format off: a row a line */
static const struct cmd_option settings[] = {
	{"source", "KIND", "web, app, offline or crm"},
	{"id", "PIXEL", "its id in Events Manager; \"\": connect offers some"},
	{"timezone", "ZONE", "the ad account's, such as Europe/Berlin (default UTC)"},
	{"pii", "HOW", "hashed (default) or none"},
	{"deliver", "WHICH", "all (default), attributed or only-won"},
	{"model", "MODEL",
	 "last_non_direct (default), first, last, linear, position, time_decay"},
	{"click-window", "DAYS", "how long a click counts (default 28)"},
	{"view-window", "DAYS", "how long a view counts (default 7)"},
	{"default-country", "CC", "for telephone numbers without a country code"},
	{"default-url", "URL", "page.url of web events that have none"},
	{"test-event-code", "CODE", "sends test events only; \"\" ends it"},
	{"batch", "N", "events a request, 1 to 1000 (default 1000)"},
	{"requests-per-second", "N", "0: no limit (default)"},
	{"consent-strict", NULL, "what is not GRANTED counts as DENIED"},
	{"no-consent-strict", NULL, "what is not stated is left open (default)"},
	{NULL, NULL, NULL},
};
/* clang-format on */

static size_t collect(const struct cmd *c, struct destination_setting *out)
{
	size_t count = 0;

	for (int i = 0; settings[i].name; i++) {
		if (!c->values[i])
			continue;
		out[count].name = settings[i].name;
		out[count].value = c->values[i];
		if (strcmp(settings[i].name, "consent-strict") == 0)
			out[count].value = "1";
		if (strcmp(settings[i].name, "no-consent-strict") == 0)
			out[count] = (struct destination_setting){"consent-strict", "0"};
		count++;
	}
	return count;
}

/* What cannot be meant is told before what is there is looked at. */
static enum err_code check_given(const struct cmd *c, struct err *e)
{
	struct destination_setting given[CMD_OPTIONS_MAX];
	size_t count = collect(c, given);
	const char *sql;

	if (cmd_value(c, "consent-strict") && cmd_value(c, "no-consent-strict"))
		return err_set(e, ERR_USAGE,
			       "either --consent-strict or --no-consent-strict");
	e->code = ERR_OK;
	for (size_t i = 0; i < count && e->code == ERR_OK; i++)
		e->code = destination_setting_check(&given[i], &sql, e);
	return e->code;
}

static void tell_changes(const struct cmd *c, const json_t *changes)
{
	const char *name;
	json_t *change;

	json_object_foreach((json_t *)changes, name, change)
		cmd_say(c, "%s: '%s' -> '%s'", name,
			json_string_value(json_object_get(change, "from")),
			json_string_value(json_object_get(change, "to")));
	if (changes && json_object_size(changes) == 0)
		cmd_say(c, "nothing of it changes");
}

/* Opens, lets `change` work in a transaction, commits. */
static enum err_code change(const struct cmd *c,
			    enum err_code (*work)(const struct cmd *c, struct db *db,
						  json_t *result, struct err *e),
			    const char *done, const char *would, struct err *e)
{
	json_t *result;
	struct db db;

	if (cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	result = json_pack("{s:s, s:s}", "destination", c->argv[0], "done",
			   c->command->name);
	if (db_begin(&db, e) == ERR_OK && work(c, &db, result, e) == ERR_OK &&
	    cmd_commit(c, &db, e) == ERR_OK) {
		cmd_say(c, "%s the destination '%s'", c->dry_run ? would : done,
			c->argv[0]);
		tell_changes(c, json_object_get(result, "changes"));
		cmd_result(c, json_incref(result));
	}
	json_decref(result);
	db_rollback(&db);
	db_close(&db);
	return e->code;
}

static enum err_code add(const struct cmd *c, struct db *db, json_t *result,
			 struct err *e)
{
	struct destination_setting given[CMD_OPTIONS_MAX];
	size_t count = collect(c, given);

	(void)result;
	return destination_add(db, c->argv[0], given, count, e);
}

static enum err_code run_add(const struct cmd *c, struct err *e)
{
	if (!cmd_value(c, "source") || !cmd_value(c, "id"))
		return err_set(
			e, ERR_USAGE,
			"--source and --id are needed: convey destination add NAME "
			"--source web --id PIXEL");
	if (check_given(c, e) != ERR_OK ||
	    change(c, add, "added", "would add", e) != ERR_OK || c->dry_run)
		return e->code;
	if (cmd_value(c, "id")[0])
		cmd_say(c, "next: convey token set %s < token.txt", c->argv[0]);
	else
		cmd_say(c,
			"next: convey connect %s --app-id ID --secret-file FILE, which "
			"offers the account's pixels",
			c->argv[0]);
	return e->code;
}

/* The column of a setting, as destination_rows has it; false: none of these. */
static bool is_column_of(const char *setting, const char *column)
{
	if (strcmp(setting, "id") == 0)
		return strcmp(column, "pixel_id") == 0;
	for (; *setting && *column; setting++, column++)
		if (*setting != *column && !(*setting == '-' && *column == '_'))
			return false;
	return *setting == *column;
}

/* What each of the settings is now: `key` of {setting: {"from": …, "to": …}}. */
static enum err_code note_settings(struct db *db, int32_t id, const char *key,
				   json_t *changes, struct err *e)
{
	struct rows rows;
	bool row;

	if (destination_rows(db, id, &rows, e) != ERR_OK)
		return e->code;
	if (rows_next(&rows, &row, e) == ERR_OK && row)
		for (int i = 0; i < rows_columns(&rows); i++) {
			const char *name;
			json_t *change;

			json_object_foreach(
				changes, name,
				change) if (is_column_of(name, rows_name(&rows, i)))
				json_object_set_new(
					change, key,
					output_json_text(rows_text(&rows, i)));
		}
	rows_close(&rows);
	return e->code;
}

static void drop_unchanged(json_t *changes)
{
	const char *name;
	json_t *change;
	void *next;

	json_object_foreach_safe(changes, next, name,
				 change) if (json_equal(json_object_get(change, "from"),
							json_object_get(change, "to")))
		json_object_del(changes, name);
}

static enum err_code set(const struct cmd *c, struct db *db, json_t *result,
			 struct err *e)
{
	struct destination_setting given[CMD_OPTIONS_MAX];
	size_t count = collect(c, given);
	json_t *changes = json_object();
	int32_t id;

	json_object_set_new(result, "changes", changes);
	for (size_t i = 0; i < count; i++)
		json_object_set_new(changes, given[i].name, json_object());

	if (count == 0)
		return err_set(e, ERR_USAGE, "what is to be set? see: convey %s -h",
			       c->name);
	if (destination_find(db, c->argv[0], &id, e) != ERR_OK)
		return e->code;
	if (note_settings(db, id, "from", changes, e) != ERR_OK ||
	    destination_set(db, id, given, count, e) != ERR_OK ||
	    note_settings(db, id, "to", changes, e) != ERR_OK)
		return e->code;
	drop_unchanged(changes);
	return ERR_OK;
}

static enum err_code run_set(const struct cmd *c, struct err *e)
{
	if (check_given(c, e) != ERR_OK)
		return e->code;
	return change(c, set, "changed", "would change", e);
}

static enum err_code pause_or_resume(const struct cmd *c, struct db *db, json_t *result,
				     struct err *e)
{
	int32_t id;

	(void)result;
	if (destination_find(db, c->argv[0], &id, e) != ERR_OK)
		return e->code;
	return destination_pause(db, id, strcmp(c->command->name, "pause") == 0, e);
}

static enum err_code run_pause(const struct cmd *c, struct err *e)
{
	return change(c, pause_or_resume, "paused", "would pause", e);
}

static enum err_code run_resume(const struct cmd *c, struct err *e)
{
	return change(c, pause_or_resume, "resumed", "would resume", e);
}

static bool is_target(struct str list, struct str wanted)
{
	struct str name;

	while (route_next_target(&list, &name))
		if (str_eq(name, wanted))
			return true;
	return false;
}

/* A route keeps the name: what it matches goes to its other destinations, or nowhere. */
static enum err_code tell_routes(const struct cmd *c, struct db *db, struct err *e)
{
	struct buf ids;
	struct rows rows;
	int count = 0;
	bool row;

	if (routes_rows(db, &rows, e) != ERR_OK)
		return e->code;
	buf_init(&ids, ROUTES_SHOWN);
	while (rows_next(&rows, &row, e) == ERR_OK && row)
		if (is_target(rows_text(&rows, 2), str_of(c->argv[0])))
			buf_addf(&ids, "%s%lld", count++ ? ", " : "",
				 (long long)rows_int(&rows, 0));
	rows_close(&rows);
	if (count)
		cmd_say(c,
			"route%s %s still name%s it; what matches goes to the others "
			"there, or nowhere: convey route list, convey route remove ID",
			count == 1 ? "" : "s", buf_z(&ids), count == 1 ? "s" : "");
	buf_fini(&ids);
	return e->code;
}

/* TikTok is to forget the token too; without the key nobody can tell it. */
static enum err_code take_away(const struct cmd *c, struct db *db, json_t *result,
			       struct err *e)
{
	struct vault vault;
	bool has_vault, noted;
	int32_t id;

	(void)result;
	if (destination_find(db, c->argv[0], &id, e) != ERR_OK)
		return e->code;
	has_vault = rekey_open(db, c->db_path, &vault, e) == ERR_OK;
	if (revocation_note(db, has_vault ? &vault : NULL, id, clock_wall_ms(), &noted,
			    e) == ERR_OK &&
	    destination_remove(db, id, e) == ERR_OK && noted)
		cmd_say(c, "convey run revokes its token at TikTok");
	vault_close(&vault);
	return e->code ? e->code : tell_routes(c, db, e);
}

static enum err_code run_remove(const struct cmd *c, struct err *e)
{
	guard_process();
	return change(c, take_away, "removed", "would remove", e);
}

static enum err_code run_list(const struct cmd *c, struct err *e)
{
	struct rows rows;
	struct db db;

	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	if (destination_rows(&db, 0, &rows, e) == ERR_OK)
		e->code = output_rows(c, &rows, DESTINATION_SHOWN, e);
	db_close(&db);
	return e->code;
}

static enum err_code run_show(const struct cmd *c, struct err *e)
{
	struct rows rows;
	struct db db;
	int32_t id;
	bool row;

	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	if (destination_find(&db, c->argv[0], &id, e) == ERR_OK &&
	    destination_rows(&db, id, &rows, e) == ERR_OK) {
		if (rows_next(&rows, &row, e) == ERR_OK && row)
			output_record(c, &rows);
		rows_close(&rows);
	}
	db_close(&db);
	return e->code;
}

/* clang-format off: a member a line */
static const struct command verb_add = {
	.name = "add",
	.kind = CMD_CHANGES,
	.run = run_add,
	.usage = "NAME --source web|app|offline|crm --id PIXEL [OPTION]...",
	.summary = "add a destination; it waits for a token",
	.examples = "  convey destination add shop --source web --id C4ABCDEFGHIJ "
		    "--timezone Europe/Berlin\n"
		    "  convey destination add stores --source offline --id 7123456789 "
		    "--pii none\n",
	.options = settings,
	.operands_min = 1,
	.operands_max = 1,
};
static const struct command verb_set = {
	.name = "set",
	.kind = CMD_CHANGES,
	.run = run_set,
	.usage = "NAME OPTION...",
	.summary = "change settings of a destination",
	.examples = "  convey destination set shop --default-url https://shop.example/\n"
		    "  convey destination set shop --test-event-code \"\"\n",
	.options = settings,
	.operands_min = 1,
	.operands_max = 1,
};
static const struct command verb_list = {
	.name = "list",
	.kind = CMD_READS,
	.run = run_list,
	.usage = "",
	.summary = "all destinations; every setting with --json",
	.examples = "  convey destination list\n"
		    "  convey destination list --json\n",
};
static const struct command verb_show = {
	.name = "show",
	.kind = CMD_READS,
	.run = run_show,
	.usage = "NAME",
	.summary = "every setting of one destination",
	.examples = "  convey destination show shop\n",
	.operands_min = 1,
	.operands_max = 1,
};
static const struct command verb_pause = {
	.name = "pause",
	.kind = CMD_CHANGES,
	.run = run_pause,
	.usage = "NAME",
	.summary = "send nothing to it; its rows wait",
	.examples = "  convey destination pause shop\n",
	.operands_min = 1,
	.operands_max = 1,
};
static const struct command verb_resume = {
	.name = "resume",
	.kind = CMD_CHANGES,
	.run = run_resume,
	.usage = "NAME",
	.summary = "send again what waited",
	.examples = "  convey destination resume shop\n",
	.operands_min = 1,
	.operands_max = 1,
};
static const struct command verb_remove = {
	.name = "remove",
	.kind = CMD_CHANGES,
	.run = run_remove,
	.usage = "NAME",
	.summary = "remove it and its token; its history stays",
	.examples = "  convey destination remove shop\n",
	.operands_min = 1,
	.operands_max = 1,
};
/* clang-format on */

static const struct command *const verbs[] = {
	&verb_add,   &verb_list,   &verb_show,   &verb_set,
	&verb_pause, &verb_resume, &verb_remove, NULL,
};

const struct command cmd_destination = {
	.name = "destination",
	.usage = "VERB",
	.summary = "where conversions go: add, list, show, set, pause, resume, remove",
	.examples = "  convey destination add shop --source web --id C4ABCDEFGHIJ\n"
		    "  convey destination list\n"
		    "  convey destination pause shop\n",
	.verbs = verbs,
};
