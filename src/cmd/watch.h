/* SPDX-License-Identifier: MIT
 * watch.h - convey status --watch: the board again and again, with the rate between.
 *
 * On a terminal it is drawn in place, on the alternate screen, and the terminal is given back
 * as it was however the watch ends but by SIGKILL. Elsewhere a line, or with --json an object,
 * each time.
 *
 * Owns:    the terminal's state and the handlers of signals, while it runs.
 * Thread:  main.
 * Errors:  the database's. */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "cmd/cmd.h"

/* Until q, Ctrl-C, SIGTERM or an error; PROBLEM where the last look found something. */
MUST_CHECK enum err_code watch_run(const struct cmd *c, int interval_s, struct err *e);

#endif
