/* SPDX-License-Identifier: MIT
 * trial.h - what would become of the rows of the outbox, under the present configuration and
 * under another, as of the time at which each arrived. Sends nothing, changes nothing.
 *
 * Owns:    two judges, from trial_open to trial_close; memory does not grow with the rows.
 * Thread:  one.
 * Errors:  the database's.
 * See:     run/judge.h. */
#ifndef RUN_TRIAL_H
#define RUN_TRIAL_H

#include "run/judge.h"

/* What became of a row at one destination; "" where it reached none. */
struct trial_outcome {
	char destination[64];
	enum reason reason; /* NONE: sent */
	int64_t content;    /* hash of the request; 0: not sent */
};

struct trial_outcomes {
	struct trial_outcome *list;
	size_t count, cap;
};

/* Told of every row; both sides are borrowed until it returns. false ends the trial. */
typedef bool trial_fn(void *arg, struct str event_id, const struct trial_outcomes *before,
		      const struct trial_outcomes *after);

struct trial {
	struct judge before, after;
	struct trial_outcomes outcomes[2];
	struct buf body;
	trial_fn *fn;
	void *arg;
	int64_t since_ms;
	struct err *e;
};

/* Takes over `config`, in any case. */
MUST_CHECK enum err_code trial_open(struct trial *t, const char *path,
				    struct config *config, struct err *e);
void trial_close(struct trial *t);

/* Rows that arrived at since_ms or later; duplicates are left out. */
MUST_CHECK enum err_code trial_run(struct trial *t, int64_t since_ms, trial_fn *fn,
				   void *arg, struct err *e);

/* The outcome at a destination; NULL: nothing was to go there. */
const struct trial_outcome *trial_find(const struct trial_outcomes *o,
				       const char *destination);

#endif
