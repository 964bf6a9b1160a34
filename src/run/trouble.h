/* SPDX-License-Identifier: MIT
 * trouble.h - the database refuses what has to be written, or the disk has no room for it:
 * nothing new is sent until it takes writes again, which needs nobody.
 *
 * Owns:    nothing; the state is the relay's (in_trouble, trouble_ms, trouble; writer.watch).
 * Thread:  the loop's.
 * Errors:  none. */
#ifndef RUN_TROUBLE_H
#define RUN_TROUBLE_H

#include "run/relay.h"

/* What was refused, under the name of an event of the log: told at once, then every minute. */
void trouble_note(struct relay *r, const char *event, const struct err *e);

/* Something was written. */
void trouble_over(struct relay *r);

/* Whether there is no room for the outcome of one more request beside those under way: then
 * none is claimed. */
bool trouble_disk_full(struct relay *r);

/* A relay that is to end waits for the database until its deadline, no longer. */
bool trouble_give_up(const struct relay *r);

/* Ends the relay where somebody else than SQLite wrote to the database: looked into by the
 * writer whenever the file has changed, by a checkpoint or otherwise. */
void trouble_check_file(struct relay *r);

#endif
