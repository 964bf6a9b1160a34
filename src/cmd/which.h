/* SPDX-License-Identifier: MIT
 * which.h - the one conversion that a verb speaks about: by its event_id, or by its number in
 * the outbox where no id leads to it.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  USAGE both, neither, or no number. */
#ifndef CMD_WHICH_H
#define CMD_WHICH_H

#include "cmd/cmd.h"

#define WHICH_OPTION                                                                     \
	{                                                                                \
		"row", "N",                                                              \
			"the row of the outbox with this number, whatever its event_id"  \
	}

/* 0: the operand is the event_id. */
MUST_CHECK enum err_code which_row(const struct cmd *c, int64_t *row, struct err *e);

#endif
