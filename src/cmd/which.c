/* SPDX-License-Identifier: MIT */
#include "cmd/which.h"

enum err_code which_row(const struct cmd *c, int64_t *row, struct err *e)
{
	bool by_number = cmd_value(c, "row") != NULL;

	if (by_number == (c->argc > 0))
		return err_set(e, ERR_USAGE, "%s; usage: convey %s %s",
			       by_number ? "that is too much" : "something is missing",
			       c->name, c->command->usage);
	if (!by_number && c->argv[0][0] == '\0')
		return err_set(e, ERR_USAGE,
			       "EVENT_ID is empty; a row that has none: "
			       "--row N (convey list --json: outbox_id)");
	return cmd_number(c, "row", 1, INT64_MAX, 0, row, e);
}
