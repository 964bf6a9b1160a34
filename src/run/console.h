/* SPDX-License-Identifier: MIT
 * console.h - the relay's face: health, metrics and the page, on a unix socket beside the
 * database or a port of the loopback.
 *
 * Owns:    the listener, its token, and a worker with no state: each question opens the
 *          database for itself, so that a page that is looked at holds no part of the WAL.
 * Thread:  the loop's.
 * Errors:  those of net/door.h and run/bearer.h, where an address was asked for; without one the
 *          relay works without a page, and says so.
 * See:     net/admin.h (who may ask), run/page.h, run/exposition.h, run/change.h. */
#ifndef RUN_CONSOLE_H
#define RUN_CONSOLE_H

#include <stdbool.h>

#include "base/err.h"

struct console;
struct relay;

/* *out is for console_close and console_free in any case; NULL where none is wanted. */
MUST_CHECK enum err_code console_open(struct relay *r, struct console **out,
				      struct err *e);

/* Nobody waits to be told of a change that was begun. */
bool console_idle(const struct console *c);

/* After the writer's lane was closed; calls `closed` as often as it returns. */
int console_close(struct console *c, void (*closed)(void *arg), void *arg);

/* When the loop has ended. */
void console_free(struct console *c);

#endif
