/* SPDX-License-Identifier: MIT
 * doctor.h - an examination: checks that each end with a finding, and what to do about it.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  none; what cannot be looked at is a finding too. */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include "cmd/output.h"
#include "store/lock.h"

enum finding { FINE, WARN, WRONG };

struct doctor {
	const struct cmd *cmd;
	struct db *db;
	struct output out; /* with --json */
	char endpoint[LOCK_ENDPOINT_MAX];
	struct lock_holder relay;
	int warnings, wrong;
};

/* `advice` is for what is not fine. */
void doctor_tell(struct doctor *d, const char *check, enum finding finding,
		 const char *advice, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* A check that failed to look. Clears the error. */
void doctor_failed(struct doctor *d, const char *check, struct err *e);

/* The file: SQLite's versions, modes, room, its WAL; with --integrity every page. */
void doctor_file(struct doctor *d);

/* The other end: whether it answers, its clock, the tokens. */
void doctor_tiktok(struct doctor *d);

#endif
