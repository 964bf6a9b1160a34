/* SPDX-License-Identifier: MIT
 * trouble.h - the database refuses what has to be written, or the disk has no room for it:
 * nothing new is sent until it takes writes again, which needs nobody.
 *
 * Owns:    nothing; the writer's watch is asked, too.
 * Thread:  the loop's.
 * Errors:  none. */
#ifndef RUN_TROUBLE_H
#define RUN_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run/complaint.h"

struct relay;

enum { TROUBLE_EVENTS = 8 }; /* of the log */

struct trouble_state {
	bool stands;     /* writes are refused; nothing new is sent */
	bool refused;    /* from the first write that failed to the first that did not */
	bool unreadable; /* the same of reads */
	uint64_t since_ms; /* monotonic: when the first failed */
	uint64_t until_ms; /* monotonic: until then nothing is read */
	struct {
		const char *event; /* NULL: none, nor behind it */
		uint64_t at_ms;    /* monotonic */
	} told[TROUBLE_EVENTS];    /* what the log said of it */
	struct err last;           /* that was refused */
	struct complaint of_reads, of_configuration;
};

/* What was refused, under the name of an event of the log: each is told at once, then every
 * minute. */
void trouble_note(struct relay *r, const char *event, const struct err *e);
/* The same of the redaction, behind which sending goes on. */
void trouble_note_redaction(struct relay *r, const struct err *e);

/* Something was written. */
void trouble_over(struct relay *r);

/* Whether the database could not be used when it was last tried. */
bool trouble_is_there(const struct relay *r);

/* Whether there is no room for the outcome of one more request beside those under way: then
 * none is claimed. */
bool trouble_disk_full(struct relay *r);

/* Whether trying again is of no use to this process: the file is another one or damaged, or what
 * was written to it may be lost. */
bool trouble_is_final(const struct err *e);

/* What became of a request was not recorded before the relay had to end: its exit status tells. */
void trouble_note_loss(struct relay *r, uint32_t events, const struct err *e);

/* A relay that is to end waits for the database until its deadline, no longer. */
bool trouble_give_up(const struct relay *r);

/* Ends the relay where somebody else than SQLite wrote to the database: looked into by the
 * writer whenever the file has changed, by a checkpoint or otherwise. And where writes were
 * refused and nothing is left to write, tries whether they still are. */
void trouble_check_file(struct relay *r);

#endif
