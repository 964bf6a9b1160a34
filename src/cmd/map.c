/* SPDX-License-Identifier: MIT */
#include "store/map.h"

#include <jansson.h>

#include "cmd/output.h"
#include "cmd/verbs.h"
#include "core/event_map.h"
#include "store/destination.h"

enum { NAMES_MAX = 1024 * 64 }; /* of all destinations there can be */

static const struct cmd_option options[] = {
	{"destination", "NAME", "for this destination only"},
	{NULL, NULL, NULL},
};

static void warn_retired(const struct cmd *c, const char *tiktok_event)
{
	const char *instead = event_retired(str_of(tiktok_event));

	if (!instead)
		return;
	cmd_say(c, "warning: TikTok retires the event %s; %s%s", tiktok_event,
		instead[0] ? "send " : "choose another", instead[0] ? instead : "");
}

/* Any name can be sent as a custom event, so also one that was misspelled. */
static void warn_custom(const struct cmd *c, const char *tiktok_event)
{
	struct nearest near;

	nearest_init(&near, str_of(tiktok_event));
	event_offer_standard(&near);
	if (nearest_word(&near)[0] && !event_retired(str_of(tiktok_event)))
		cmd_say(c, "warning: '%s' is a custom event%s", tiktok_event,
			nearest_hint(&near));
}

/* `own`: the destinations whose own rows went with it; `left`: those that still have one. */
static enum err_code change(const struct cmd *c, struct db *db, struct buf *own,
			    struct buf *left, struct err *e)
{
	const char *name = cmd_value(c, "destination");
	int32_t id = 0;

	if (name && destination_find(db, name, &id, e) != ERR_OK)
		return e->code;
	if (c->argc > 1)
		return map_set(db, c->argv[0], c->argv[1], id, e);
	if (map_owners(db, c->argv[0], own, e) != ERR_OK ||
	    map_remove(db, c->argv[0], id, e) != ERR_OK)
		return e->code;
	return map_owners(db, c->argv[0], left, e);
}

static void tell_removed(const struct cmd *c, const struct buf *own,
			 const struct buf *left)
{
	bool theirs = own->len > 0 && left->len == 0;

	cmd_say(c, "%s '%s' from the map%s%.*s", c->dry_run ? "would remove" : "removed",
		c->argv[0], theirs ? " of " : "", theirs ? (int)own->len : 0, own->p);
	if (left->len > 0)
		cmd_say(c,
			"%.*s still sends it by a row of its own; with --destination "
			"NAME that goes too",
			STR_ARG(buf_str(left)));
}

static void tell_set(const struct cmd *c)
{
	warn_retired(c, c->argv[1]);
	warn_custom(c, c->argv[1]);
	cmd_say(c, "%s '%s' to TikTok's '%s'", c->dry_run ? "would map" : "mapped",
		c->argv[0], c->argv[1]);
}

static enum err_code run_change(const struct cmd *c, struct err *e)
{
	struct buf own, left;
	struct db db;

	if (cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	buf_init(&own, NAMES_MAX);
	buf_init(&left, NAMES_MAX);
	if (db_begin(&db, e) == ERR_OK && change(c, &db, &own, &left, e) == ERR_OK)
		e->code = cmd_commit(c, &db, e);
	db_rollback(&db);
	db_close(&db);
	if (e->code == ERR_OK) {
		if (c->argc > 1)
			tell_set(c);
		else
			tell_removed(c, &own, &left);
		cmd_result(c, json_pack("{s:s, s:s?}", "event", c->argv[0],
					"tiktok_event", c->argc > 1 ? c->argv[1] : NULL));
	}
	buf_fini(&own);
	buf_fini(&left);
	return e->code;
}

static enum err_code run_list(const struct cmd *c, struct err *e)
{
	struct rows rows;
	struct db db;

	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	if (map_list(&db, &rows, e) == ERR_OK)
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
	.summary = "which events are sent, as what",
	.examples = "  convey map list\n",
};
static const struct command verb_set = {
	.name = "set",
	.kind = CMD_CHANGES,
	.run = run_change,
	.usage = "EVENT TIKTOK_EVENT [--destination NAME]",
	.summary = "send an event under a name of TikTok's, or a custom one",
	.examples = "  convey map set \"Order Completed\" Purchase\n"
		    "  convey map set trial_day_3 TrialDay3 --destination shop\n",
	.notes = "Rows that ended skipped: not_mapped go again with:\n"
		 "  convey retry --status skipped --reason not_mapped\n",
	.options = options,
	.operands_min = 2,
	.operands_max = 2,
};
static const struct command verb_remove = {
	.name = "remove",
	.kind = CMD_CHANGES,
	.run = run_change,
	.usage = "EVENT [--destination NAME]",
	.summary = "do not send an event any more",
	.examples = "  convey map remove sign_up\n"
		    "  convey map remove trial_day_3 --destination shop\n",
	.notes = "Without --destination the row for all of them; where there is none, "
		 "those of single ones.\n",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
};
/* clang-format on */

static const struct command *const verbs[] = {&verb_list, &verb_set, &verb_remove, NULL};

const struct command cmd_map = {
	.name = "map",
	.usage = "VERB",
	.summary = "which of your events are sent, and as what: list, set, remove",
	.examples = "  convey map list\n"
		    "  convey map set \"Order Completed\" Purchase\n",
	.verbs = verbs,
};
