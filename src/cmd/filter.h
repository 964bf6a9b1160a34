/* SPDX-License-Identifier: MIT
 * filter.h - the options --status and --reason, as numbers.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  USAGE a word that is none, with the nearest, or a reason of another status. */
#ifndef CMD_FILTER_H
#define CMD_FILTER_H

#include "cmd/cmd.h"
#include "core/reason.h"

/* 0 where an option was not given. */
MUST_CHECK enum err_code filter_read(const struct cmd *c, int *status, int *reason,
				     struct err *e);

#endif
