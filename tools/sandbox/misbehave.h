/* SPDX-License-Identifier: MIT
 * misbehave.h - what a fault does: to the answer, and to the connection.
 *
 * Owns:    nothing.
 * Thread:  that of the connection; waits end when the client leaves or the sandbox stops.
 * Errors:  none. */
#ifndef SANDBOX_MISBEHAVE_H
#define SANDBOX_MISBEHAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange.h"

/* Puts the fault's answer into x; not for those that only change how it is sent. */
void misbehave_answer(struct exchange *x);

/* Whether x->answer goes out at all, and as it is. */
bool misbehave_is_silent(const struct exchange *x);

/* Ends the TCP connection with a reset, now, without closing the descriptor. */
void misbehave_reset(int fd);

/* Waits, at most ms (-1: for ever); false where the client left or the sandbox stops. */
bool misbehave_wait(int fd, int stop_fd, int64_t ms);

/* Writes headers, or 100 and 103, until the client leaves. */
void misbehave_flood(const struct exchange *x, int stop_fd);

#endif
