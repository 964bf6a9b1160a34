/* SPDX-License-Identifier: MIT
 * The verbs' own declarations as JSON, for the manual page and the completions. */
#include <jansson.h>
#include <stdio.h>

#include "cmd/parse.h"
#include "cmd/verbs.h"
#include "core/reason.h"

static const char *const kinds[] = {
	[CMD_READS] = "reads",
	[CMD_CHANGES] = "changes",
	[CMD_RUNS] = "runs",
};

static void add_option(json_t *list, const struct cmd_option *o)
{
	json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "name", o->name, "arg",
					      o->arg, "help", o->help));
}

static json_t *options_of(const struct cmd_option *o)
{
	json_t *list = json_array();

	for (; o && o->name; o++)
		add_option(list, o);
	return list;
}

static json_t *common_of(const struct command *command)
{
	json_t *list = json_array();

	for (const struct cmd_option *o = help_common; o->name; o++)
		if (help_has(command, o))
			json_array_append_new(list, json_string(o->name));
	return list;
}

static json_t *verbs_of(const struct command *const *commands)
{
	json_t *list = json_array();

	for (; commands && *commands; commands++) {
		const struct command *c = *commands;

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:o, s:o, s:o}",
					"name", c->name, "usage", c->usage, "summary",
					c->summary, "examples", c->examples, "notes",
					c->notes, "kind", kinds[c->kind], "options",
					options_of(c->options), "common", common_of(c),
					"verbs", verbs_of(c->verbs)));
	}
	return list;
}

static json_t *exits(void)
{
	json_t *list = json_array();

#define X(name, status, what)                                                            \
	json_array_append_new(list, json_pack("{s:s, s:i, s:s}", "name", #name,          \
					      "status", status, "what", what));
	ERR_CODES(X)
#undef X
	return list;
}

/* What --status and --reason take. */
static json_t *words(void)
{
	json_t *statuses = json_array(), *reasons = json_array();

#define X(name, number, word) json_array_append_new(statuses, json_string(word));
	STATUSES(X)
#undef X
#define X(name, status, number, word) json_array_append_new(reasons, json_string(word));
	REASONS(X)
#undef X
	return json_pack("{s:o, s:o}", "status", statuses, "reason", reasons);
}

int main(void)
{
	json_t *all = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "version",
				CONVEY_VERSION, "examples", help_examples, "verbs",
				verbs_of(cmd_verbs), "common", options_of(help_common),
				"exits", exits(), "words", words());
	int bad = !all || json_dumpf(all, stdout, JSON_INDENT(1)) != 0;

	json_decref(all);
	return bad || putchar('\n') == EOF;
}
