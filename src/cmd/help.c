/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cmd/parse.h"

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
	puts("Examples:\n"
	     "  convey init\n"
	     "  convey destination add shop --source web --id C4ABCDEFGHIJ\n"
	     "  convey token set shop < token.txt\n"
	     "  convey run\n"
	     "  convey status\n\n"
	     "Usage: convey [--db FILE] VERB ...\n\nVerbs:");
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

void help_print(const struct cmd *c, const struct command *const *commands)
{
	if (c->command)
		print_one(c);
	else
		print_all(commands);
	print_option("db", "FILE", "the database (or CONVEY_DB; default outbox.db)");
	print_option("json", NULL, "data as JSON");
	if (!c->command || c->command->kind == CMD_CHANGES)
		print_option("dry-run", NULL, "say what would change, change nothing");
	print_option("help", NULL, "this text (also -h)");
	if (!c->command)
		print_option("version", NULL, "the version");
}
