/* SPDX-License-Identifier: MIT
 * cmd.h - a verb of the command line: how it is declared, and what it is given.
 *
 * Owns:    nothing; a struct cmd borrows from argv and lives until its verb returns.
 * Thread:  main.
 * Errors:  what a verb returns becomes the exit status; its message is printed once, by
 *          cmd_main. ERR_PROBLEM without a message ends with status 1 in silence.
 * See:     verbs.h, the list; output.h, how data is printed. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "store/db.h"

#define CMD_OPTIONS_MAX 24

struct cmd_option {
	const char *name; /* "timezone" for --timezone */
	const char *arg;  /* "ZONE"; NULL: a switch */
	const char *help;
};

enum cmd_kind {
	CMD_READS,   /* changes nothing: --dry-run is accepted and makes no difference */
	CMD_CHANGES, /* honours --dry-run */
	CMD_RUNS,    /* has no --dry-run */
};

struct cmd;
struct json_t; /* jansson's */

struct command {
	const char *name;
	const char *usage; /* operands and options as the usage line shows them */
	const char *summary;
	const char *examples;               /* lines of the help's first part */
	const char *notes;                  /* further lines; NULL: none */
	const struct cmd_option *options;   /* up to a row without name; NULL: none */
	const struct command *const *verbs; /* up to NULL: a family without a run */
	enum cmd_kind kind;
	int operands_min, operands_max;
	enum err_code (*run)(const struct cmd *c, struct err *e);
};

struct cmd {
	const struct command *command;
	char name[64]; /* "destination add" */
	const char *db_path;
	bool json, dry_run, help;
	int argc; /* operands, without the verb */
	char **argv;
	const char *values[CMD_OPTIONS_MAX]; /* by row of command->options */
	void (*say)(const char *words);      /* where cmd_say's go; NULL: stderr */
};

/* Parses argv, runs the verb, prints its error; the exit status. */
int cmd_main(const struct command *const *commands, int argc, char **argv);

/* The value of an option, "" for a switch; NULL where it was not given. */
const char *cmd_value(const struct cmd *c, const char *option);

/* The same as a whole number within bounds; `otherwise` where it was not given. */
MUST_CHECK enum err_code cmd_number(const struct cmd *c, const char *option, int64_t min,
				    int64_t max, int64_t otherwise, int64_t *out,
				    struct err *e);

/* Opens the database at this binary's schema. */
MUST_CHECK enum err_code cmd_open(const struct cmd *c, enum db_mode mode, struct db *db,
				  struct err *e);

/* Commits; a dry run rolls back. */
MUST_CHECK enum err_code cmd_commit(const struct cmd *c, struct db *db, struct err *e);

/* Words for a person, a line on stderr; with --json nothing. */
void cmd_say(const struct cmd *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What was done, as data: with --json one object on stdout. Frees it. */
void cmd_result(const struct cmd *c, struct json_t *object);

#endif
