/* SPDX-License-Identifier: MIT
 * progress.h - a line on a terminal's stderr while something long goes on: a bar, the rate, the
 * time that is left. Elsewhere, and with --json, nothing.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  none. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "cmd/cmd.h"

struct progress {
	const char *what; /* "conversions" */
	int64_t total;    /* of `done`; 0: not known */
	uint64_t started_ms, drawn_ms;
	bool on, drawn;
};

void progress_begin(struct progress *p, const struct cmd *c, const char *what,
		    int64_t total);

/* `done` of the total (bytes, say), `count` of what; drawn some times a second. */
void progress_show(struct progress *p, int64_t done, int64_t count);

/* Before other words, and at the end. */
void progress_clear(struct progress *p);

#endif
