/* SPDX-License-Identifier: MIT
 * parse.h - from argv to a verb, its options and operands; and the help of each.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  USAGE, with what was meant where that can be guessed. */
#ifndef CMD_PARSE_H
#define CMD_PARSE_H

#include "cmd/cmd.h"

/* c->command stays NULL where no verb was asked for: --version, or -h alone (c->help). */
MUST_CHECK enum err_code parse_args(struct cmd *c, const struct command *const *commands,
				    int argc, char **argv, struct err *e);

/* The options that verbs have in common, as their help shows them. */
extern const struct cmd_option help_common[];

/* What most people begin with. */
extern const char help_examples[];

/* Whether a verb has this one of them; NULL asks for those before any verb. */
bool help_has(const struct command *command, const struct cmd_option *common);

/* On stdout. `command` NULL: all verbs. */
void help_print(const struct cmd *c, const struct command *const *commands);

#endif
