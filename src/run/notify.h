/* SPDX-License-Identifier: MIT
 * notify.h - tells systemd how the relay is: ready, reloading, stopping, one sentence, and
 * that the loop still turns.
 *
 *   STARTING --(configuration read)--> READY <--(read again)--> RELOADING --> STOPPING
 *
 * The protocol is a datagram of lines to $NOTIFY_SOCKET, stable since it was published: less
 * to carry than libsystemd and what that links. Without NOTIFY_SOCKET nothing is done.
 *
 * Owns:    the socket and its timer, from notify_open to notify_close's end.
 * Thread:  the loop's; a datagram that cannot go at once goes at a later look.
 * Errors:  none: a relay that cannot tell how it is works all the same.
 * See:     sd_notify(3); tools/systemd/convey.service. */
#ifndef RUN_NOTIFY_H
#define RUN_NOTIFY_H

struct relay;
struct notify;

/* Feeds the watchdog ($WATCHDOG_USEC) from the loop from now on. NULL: nobody listens. */
struct notify *notify_open(struct relay *r);

/* Tells what has changed since the last look; at the end of each round of the loop's work. */
void notify_look(struct notify *n);

/* Tells that the relay stops; what it owns is freed when the loop has closed its timer. */
void notify_close(struct notify *n);

#endif
