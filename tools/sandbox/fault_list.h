/* SPDX-License-Identifier: MIT
 * fault_list.h - which fault, if any, a request meets: the first rule that fits.
 *
 * Owns:    its rules, until fault_list_fini.
 * Thread:  one at a time; the caller locks. A rule that was picked is copied out.
 * Errors:  those of fault_parse.
 * See:     fault.h, what a rule says. */
#ifndef SANDBOX_FAULT_LIST_H
#define SANDBOX_FAULT_LIST_H

#include "fault.h"

struct fault_list {
	struct fault *rules;
	size_t count;
	uint64_t seed;
	uint64_t requests;   /* to event/track, since the list was set */
	uint64_t started_ms; /* monotonic */
};

/* Appends the rule that `spec` describes. */
enum err_code fault_list_add(struct fault_list *l, const char *spec,
			     struct err *e) MUST_CHECK;
/* Counting starts again: nth, count, for and after. */
void fault_list_restart(struct fault_list *l);
void fault_list_fini(struct fault_list *l);

/* The first rule of this phase for request number `nth`; counts it as fired. */
bool fault_pick(struct fault_list *l, enum fault_phase phase, uint64_t nth,
		const char *source_id, struct fault *out);
/* The next FAULT_DATA rule that would fire, from *at on, which moves on; not counted. */
struct fault *fault_next_data(struct fault_list *l, uint64_t nth, const char *source_id,
			      size_t *at);
/* A rule that fault_is_raw; NULL where there is none. */
const struct fault *fault_list_raw(const struct fault_list *l);

#endif
