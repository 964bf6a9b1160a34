/* SPDX-License-Identifier: MIT */
#include "cmd/parse.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

enum { OPT_DB = 256, OPT_JSON, OPT_DRY_RUN, OPT_VERSION, OPT_OWN };

static const struct option common[] = {
	{"db", required_argument, NULL, OPT_DB},
	{"json", no_argument, NULL, OPT_JSON},
	{"dry-run", no_argument, NULL, OPT_DRY_RUN},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPT_VERSION},
};

enum { COMMON = sizeof(common) / sizeof(common[0]) };

static enum err_code unknown(const char *what, const char *name, const char *dashes,
			     const char *const *names, const struct cmd *c, struct err *e)
{
	struct nearest near;

	nearest_init(&near, str_of(name));
	nearest_offer_all(&near, names);
	if (nearest_word(&near)[0])
		return err_set(e, ERR_USAGE, "unknown %s '%s%s'; did you mean '%s%s'?",
			       what, dashes, name, dashes, nearest_word(&near));
	return err_set(e, ERR_USAGE, "unknown %s '%s%s'; see: convey %s%s-h", what,
		       dashes, name, c->name, c->name[0] ? " " : "");
}

static enum err_code unknown_verb(const struct cmd *c, const char *name,
				  const struct command *const *commands, struct err *e)
{
	const char *names[64] = {NULL};

	for (size_t i = 0; commands[i] && i < 62; i++)
		names[i] = commands[i]->name;
	return unknown("verb", name, "", names, c, e);
}

static enum err_code unknown_option(const struct cmd *c, const struct option *options,
				    const char *arg, struct err *e)
{
	const char *names[CMD_OPTIONS_MAX + COMMON + 1] = {NULL};
	char name[64];

	if (arg[0] != '-' || arg[1] != '-')
		return err_set(e, ERR_USAGE, "unknown option '%s'; see: convey %s%s-h",
			       arg, c->name, c->name[0] ? " " : "");
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg + 2, "="), arg + 2);
	for (int i = 0; options[i].name; i++) {
		names[i] = options[i].name;
		if (strcmp(options[i].name, name) == 0)
			return err_set(e, ERR_USAGE, "--%s %s", name,
				       options[i].has_arg ? "needs a value"
							  : "takes no value");
	}
	return unknown("option", name, "--", names, c, e);
}

/* Common options and, behind a verb, its own; `out` has room for all and an end. */
static void list_options(const struct command *command, struct option *out)
{
	const struct cmd_option *own = command ? command->options : NULL;
	int n = 0;

	for (int i = 0; own && own[i].name && n < CMD_OPTIONS_MAX; i++, n++)
		out[n] = (struct option){own[i].name,
					 own[i].arg ? required_argument : no_argument,
					 NULL, OPT_OWN + i};
	memcpy(out + n, common, sizeof(common));
	out[n + COMMON] = (struct option){0};
}

static enum err_code take_db(struct cmd *c, bool *given, struct err *e)
{
	if (!optarg[0])
		return err_set(e, ERR_USAGE, "--db needs the name of a file");
	if (*given && strcmp(optarg, c->db_path) != 0 &&
	    !(c->command && c->command->kind == CMD_RUNS))
		return err_set(e, ERR_USAGE, "--db names two files: '%.80s' and '%.80s'",
			       c->db_path, optarg);
	c->db_path = optarg;
	*given = true;
	return ERR_OK;
}

static enum err_code take(struct cmd *c, int opt, bool *version, bool *db, struct err *e)
{
	switch (opt) {
	case OPT_DB: return take_db(c, db, e);
	case OPT_JSON: c->json = true; break;
	case OPT_DRY_RUN: c->dry_run = true; break;
	case OPT_VERSION: *version = true; break;
	case 'h': c->help = true; break;
	default:
		/* A unit's words may be overruled behind them; half of a route, or of what is to
		 * be sent again, is something else than was meant. */
		if (optarg && c->values[opt - OPT_OWN] && c->command->kind != CMD_RUNS)
			return err_set(e, ERR_USAGE, "--%s is given twice",
				       c->command->options[opt - OPT_OWN].name);
		c->values[opt - OPT_OWN] = optarg ? optarg : "";
		break;
	}
	return ERR_OK;
}

/* Options up to the next verb, or, behind the last, all of them. */
static enum err_code take_options(struct cmd *c, bool last, int *argc, char ***argv,
				  bool *version, bool *db, struct err *e)
{
	struct option options[CMD_OPTIONS_MAX + COMMON + 1];
	int opt;

	list_options(c->command, options);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	for (;;) {
		int at = optind ? optind : 1;

		opt = getopt_long(*argc, *argv, last ? "h" : "+h", options, NULL);
		if (opt == -1)
			break;
		if (opt == '?')
			return unknown_option(c, options,
					      (*argv)[optind > at ? optind - 1 : at], e);
		if (take(c, opt, version, db, e) != ERR_OK)
			return e->code;
	}
	*argv += optind - 1; /* the next call's argv[0] is skipped */
	*argc -= optind - 1;
	return ERR_OK;
}

static const struct command *find(const struct command *const *commands, const char *name)
{
	for (; *commands; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}

static enum err_code check_operands(const struct cmd *c, struct err *e)
{
	if (c->dry_run && c->command->kind == CMD_RUNS)
		return err_set(e, ERR_USAGE, "%s has no --dry-run", c->name);
	if (c->json && c->command->kind == CMD_RUNS)
		return err_set(e, ERR_USAGE, "%s has no --json; its log: --log json",
			       c->name);
	if (c->argc < c->command->operands_min || c->argc > c->command->operands_max)
		return err_set(e, ERR_USAGE, "%s; usage: convey %s%s%s",
			       c->argc < c->command->operands_min ? "something is missing"
								  : "that is too much",
			       c->name, c->command->usage[0] ? " " : "",
			       c->command->usage);
	return ERR_OK;
}

static enum err_code no_verb(const struct cmd *c, struct err *e)
{
	return err_set(e, ERR_USAGE, "which verb? see: convey %s%s-h", c->name,
		       c->name[0] ? " " : "");
}

enum err_code parse_args(struct cmd *c, const struct command *const *commands, int argc,
			 char **argv, struct err *e)
{
	bool version = false, db = false;

	for (;;) {
		bool leaf = c->command && !c->command->verbs;

		if (take_options(c, leaf, &argc, &argv, &version, &db, e) != ERR_OK)
			return e->code;
		if (version || (leaf && c->help))
			break;
		if (leaf) {
			c->argc = argc - 1;
			c->argv = argv + 1;
			return check_operands(c, e);
		}
		if (argc > 1 && !c->command && strcmp(argv[1], "help") == 0) {
			c->help = true; /* "help VERB" is "VERB -h" */
			argv++;
			argc--;
			continue;
		}
		if (argc < 2)
			return c->help ? ERR_OK : no_verb(c, e);
		if (!find(commands, argv[1]))
			return unknown_verb(c, argv[1], commands, e);
		c->command = find(commands, argv[1]);
		snprintf(c->name + strlen(c->name), sizeof(c->name) - strlen(c->name),
			 "%s%s", c->name[0] ? " " : "", c->command->name);
		commands = c->command->verbs;
		argv++;
		argc--;
	}
	if (version)
		c->command = NULL;
	return ERR_OK;
}
