/* SPDX-License-Identifier: MIT
 * signals.h - SIGTERM, SIGINT and SIGHUP wait while no loop listens, instead of ending the
 * process or being lost: from main's first act until the relay's loop turns, and between two of
 * its runs.
 *
 * Owns:    the calling thread's mask; threads that it starts inherit it.
 * Thread:  main.
 * Errors:  none. */
#ifndef RUN_SIGNALS_H
#define RUN_SIGNALS_H

void signals_hold(void);
void signals_let_go(void);

#endif
