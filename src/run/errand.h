/* SPDX-License-Identifier: MIT
 * errand.h - one question to the admin listener on its way: taken on the loop, answered on a
 * worker out of a copy of what the loop knows and of the database, given back on the loop.
 *
 *     serve --> (change: the writer's) --> answer: the worker's --> admin_answer
 *
 * Owns:    itself and its answer; the exchange is the listener's, and borrowed.
 * Thread:  the loop's, but for `work` (the worker's) and a change's `work` (the writer's).
 * Errors:  become the answer.
 * See:     run/console.h. */
#ifndef RUN_ERRAND_H
#define RUN_ERRAND_H

#include "net/admin.h"
#include "run/lane.h"
#include "run/vitals.h"

#define ERRAND_NOTICE_MAX 400
#define ERRAND_TEXT "text/plain; charset=utf-8"

struct console;
struct relay;

struct errand {
	struct job job;
	struct console *console;
	struct relay *relay;
	struct admin_exchange *exchange;
	const struct ask *ask;
	bool tcp;
	bool is_change;     /* the relay does not end before it is answered */
	const char *key_of; /* the database, as its key file is named after it */
	struct vitals vitals;
	void (*work)(struct errand *errand); /* fills the answer */
	/* what a change has done, or why it has not */
	char notice[ERRAND_NOTICE_MAX];
	bool notice_bad;
	/* the answer */
	int status;
	const char *type, *policy;
	struct buf body;
};

/* Has the answer made; the change, if there was one, is done. */
void errand_go_on(struct errand *errand);

/* A job on the worker, which knows no state. */
void errand_beside(struct errand *errand, struct job *job);

#endif
