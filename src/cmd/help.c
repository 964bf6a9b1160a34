/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cmd/parse.h"

/* clang-format off: an option a line */
const struct cmd_option help_common[] = {
	{"db", "FILE", "the database (or CONVEY_DB; default outbox.db)"},
	{"json", NULL, "data as JSON"},
	{"dry-run", NULL, "say what would change, change nothing"},
	{"help", NULL, "this text (also -h)"},
	{"version", NULL, "the version"},
	{NULL, NULL, NULL},
};
/* clang-format on */

const char help_examples[] =
	"  convey init\n"
	"  convey destination add shop --source web --id C4ABCDEFGHIJ\n"
	"  convey token set shop < token.txt\n"
	"  convey run\n"
	"  convey status\n";

bool help_has(const struct command *command, const struct cmd_option *common)
{
	if (command && strcmp(common->name, "version") == 0)
		return false;
	return !command || command->kind == CMD_CHANGES ||
	       strcmp(common->name, "dry-run") != 0;
}

static void print_option(const char *name, const char *arg, const char *help)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s%s%s", name, arg ? " " : "", arg ? arg : "");
	printf("  %-28s %s\n", text, help);
}

static void print_verbs(const struct command *const *commands)
{
	for (; *commands; commands++)
		printf("  %-14s %s\n", (*commands)->name, (*commands)->summary);
}

static void print_all(const struct command *const *commands)
{
	printf("Examples:\n%s\nUsage: convey [--db FILE] VERB ...\n\nVerbs:\n",
	       help_examples);
	print_verbs(commands);
	puts("\nOptions everywhere:");
}

static void print_one(const struct cmd *c)
{
	const struct command *command = c->command;

	printf("convey %s: %s\n\nExamples:\n%s\nUsage: convey %s%s%s\n", c->name,
	       command->summary, command->examples, c->name, command->usage[0] ? " " : "",
	       command->usage);
	if (command->verbs) {
		puts("\nVerbs:");
		print_verbs(command->verbs);
	}
	if (command->notes)
		printf("\n%s", command->notes);
	puts("\nOptions:");
	for (const struct cmd_option *o = command->options; o && o->name; o++)
		print_option(o->name, o->arg, o->help);
}

/* Of all verbs together it is not everybody's. */
static const char *help_of(const struct cmd *c, const struct cmd_option *o)
{
	return !c->command && strcmp(o->name, "dry-run") == 0
		       ? "verbs that change something: say what, change nothing"
		       : o->help;
}

void help_print(const struct cmd *c, const struct command *const *commands)
{
	if (c->command)
		print_one(c);
	else
		print_all(commands);
	for (const struct cmd_option *o = help_common; o->name; o++)
		if (help_has(c->command, o))
			print_option(o->name, o->arg, help_of(c, o));
}
