/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "cmd/output.h"
#include "cmd/verbs.h"
#include "store/routes.h"

/* clang-format off: a row a line */
static const struct cmd_option options[] = {
	{"to", "NAME[,NAME]|drop", "the destinations it goes to, or drop: to none"},
	{"priority", "N", "small first (default 0); of equal ones the older"},
	{"event", "GLOB", "your name of the event or TikTok's; * and ? match"},
	{"country", "CC", "user.country"},
	{"min-value", "N", "properties.value is at least this"},
	{"currency", "C", "properties.currency"},
	{"has", "LIST", "all of these: email,phone,external_id,ttclid"},
	{"consent", "SIGNAL=STATE", "such as ad_user_data=GRANTED; several with commas"},
	{"sample", "PERCENT", "send only this share, always the same; not with drop"},
	{NULL, NULL, NULL},
};
/* clang-format on */

static struct str value(const struct cmd *c, const char *option)
{
	return str_of(cmd_value(c, option));
}

/* A condition that is given and empty was meant to be one. */
static enum err_code check_empty(const struct cmd *c, struct err *e)
{
	for (int i = 0; options[i].name; i++)
		if (c->values[i] && str_trim(str_of(c->values[i])).len == 0)
			return err_set(e, ERR_USAGE, "--%s is empty", options[i].name);
	return ERR_OK;
}

static enum err_code read_route(const struct cmd *c, struct route_text *t, struct err *e)
{
	*t = (struct route_text){
		.targets = value(c, "to"),
		.event = value(c, "event"),
		.country = value(c, "country"),
		.min_value = value(c, "min-value"),
		.currency = value(c, "currency"),
		.has = value(c, "has"),
		.consent = value(c, "consent"),
		.sample = value(c, "sample"),
	};
	if (c->argc > 0 &&
	    (!str_eq(str_of(c->argv[0]), STR(ROUTES_DROP)) || t->targets.len > 0))
		return err_set(e, ERR_USAGE, "'%.80s': either --to NAME[,NAME] or drop",
			       c->argv[0]);
	if (c->argc > 0)
		t->targets = STR(ROUTES_DROP);
	if (check_empty(c, e) != ERR_OK)
		return e->code;
	if (t->targets.len == 0)
		return err_set(e, ERR_USAGE,
			       "where to? --to NAME[,NAME] or --to drop; see: convey "
			       "destination list");
	return cmd_number(c, "priority", INT32_MIN, INT32_MAX, 0, &t->priority, e);
}

static enum err_code change(const struct cmd *c, struct db *db,
			    const struct route_text *t, int64_t *id, struct err *e)
{
	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if ((t ? routes_add(db, t, id, e) : routes_remove(db, *id, e)) == ERR_OK)
		e->code = cmd_commit(c, db, e);
	db_rollback(db);
	return e->code;
}

static enum err_code open_and_change(const struct cmd *c, const struct route_text *t,
				     int64_t *id, struct err *e)
{
	struct db db;

	if (cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	change(c, &db, t, id, e);
	db_close(&db);
	return e->code;
}

static enum err_code run_add(const struct cmd *c, struct err *e)
{
	struct route_text text;
	int64_t id = 0;

	if (read_route(c, &text, e) != ERR_OK ||
	    open_and_change(c, &text, &id, e) != ERR_OK)
		return e->code;
	cmd_say(c, "%s route %lld", c->dry_run ? "would add" : "added", (long long)id);
	cmd_result(c, json_pack("{s:I, s:s%}", "id", (json_int_t)id, "to", text.targets.p,
				text.targets.len));
	return ERR_OK;
}

static enum err_code run_remove(const struct cmd *c, struct err *e)
{
	long long id;
	int64_t number;
	char *end;

	errno = 0;
	id = strtoll(c->argv[0], &end, 10);
	if (errno || *end || end == c->argv[0])
		return err_set(e, ERR_USAGE,
			       "'%.80s' is no route's id; see: convey route list",
			       c->argv[0]);
	number = id;
	if (open_and_change(c, NULL, &number, e) != ERR_OK)
		return e->code;
	cmd_say(c, "%s route %lld", c->dry_run ? "would remove" : "removed", id);
	cmd_result(c, json_pack("{s:I}", "id", (json_int_t)id));
	return ERR_OK;
}

static enum err_code run_list(const struct cmd *c, struct err *e)
{
	struct rows rows;
	struct db db;

	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	if (routes_rows(&db, &rows, e) == ERR_OK)
		e->code = output_rows(c, &rows, 0, e);
	db_close(&db);
	return e->code;
}

/* clang-format off: a member a line */
static const struct command verb_list = {
	.name = "list",
	.kind = CMD_READS,
	.run = run_list,
	.usage = "",
	.summary = "the routes, in the order in which they are asked",
	.examples = "  convey route list\n",
};
static const struct command verb_add = {
	.name = "add",
	.kind = CMD_CHANGES,
	.run = run_add,
	.usage = "--to NAME[,NAME]|drop [CONDITION]...",
	.summary = "send what matches to these destinations only, or to none",
	.examples =
		"  convey route add --to eu --country DE --priority 10\n"
		"  convey route add --to shop,backup --event 'purchase*' --min-value 20 "
		"--currency EUR\n"
		"  convey route add --to drop --event page_view\n"
		"  convey route add --to shop --has email --consent "
		"ad_user_data=GRANTED --sample 25\n",
	.notes = "All conditions of a route must be true. The first route that matches "
		 "decides;\n"
		 "where none does, every destination gets the event.\n",
	.options = options,
	.operands_max = 1,
};
static const struct command verb_remove = {
	.name = "remove",
	.kind = CMD_CHANGES,
	.run = run_remove,
	.usage = "ID",
	.summary = "remove a route",
	.examples = "  convey route remove 3\n",
	.operands_min = 1,
	.operands_max = 1,
};
/* clang-format on */

static const struct command *const verbs[] = {&verb_list, &verb_add, &verb_remove, NULL};

const struct command cmd_route = {
	.name = "route",
	.usage = "VERB",
	.summary = "which destinations a conversion goes to: list, add, remove",
	.examples = "  convey route list\n"
		    "  convey route add --to eu --country DE\n"
		    "  convey route add --to drop --event page_view\n",
	.verbs = verbs,
};
