/* SPDX-License-Identifier: MIT
 * errand.h - one question to the admin listener on its way: taken on the loop, answered on a
 * worker out of a copy of what the loop knows and of the database, given back on the loop.
 *
 *     serve --> (change: writer) --> answer: worker --> admin_answer
 *
 * Owns:    itself and its answer; the exchange is the listener's, and borrowed.
 * Thread:  the loop's, but for `work` and `change`.
 * Errors:  become the answer.
 * See:     run/console.h. */
#ifndef RUN_ERRAND_H
#define RUN_ERRAND_H

#include "net/admin.h"
#include "run/lane.h"
#include "run/vitals.h"
#include "run/writer.h"

#define ERRAND_NOTICE_MAX 400

struct console;

struct errand {
	struct job job;
	struct console *console;
	struct admin_exchange *exchange;
	const struct ask *ask;
	bool tcp;
	const char *key_of; /* the database, as its key file is named after it */
	struct vitals vitals;
	/* On the worker; fills the answer. */
	void (*work)(struct errand *errand);
	/* On the writer, inside its transaction. True: once more in another transaction. */
	bool (*change)(struct errand *errand, struct writer *w, struct err *e);
	void *change_state; /* the change's own, between two transactions */
	void (*change_end)(struct errand *errand);
	char notice[ERRAND_NOTICE_MAX]; /* what a change has done, or why it has not */
	/* the answer */
	int status;
	const char *type, *policy;
	struct buf body;
};

#endif
