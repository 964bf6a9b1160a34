/* SPDX-License-Identifier: MIT
 * fault.h - misbehaviour on demand: what a SPEC says, and which requests it is for.
 *
 * Owns:    the rules of a fault_list, until fault_list_fini.
 * Thread:  one at a time; the caller locks. A rule that was picked is copied out.
 * Errors:  USAGE with what is wrong in the SPEC.
 * See:     README.md for the grammar; misbehave.h, which carries a fault out. */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_CODE,
	FAULT_TEXT, /* a status and a line of text */
	FAULT_HTML,
	FAULT_GARBAGE, /* answers without a usable code … */
	FAULT_EMPTY,
	FAULT_WRONG_TYPE,
	FAULT_HUGE,
	FAULT_DEEP,
	FAULT_GZIP_BOMB,
	FAULT_RESET_BEFORE, /* the connection is reset: before the body, … */
	FAULT_RESET_WITHIN,
	FAULT_RESET_AFTER,
	FAULT_CUT_ANSWER,
	FAULT_SLOW,
	FAULT_HANG,
	FAULT_TRICKLE,
	FAULT_ENDLESS_HEADERS,
	FAULT_INFORMATIONAL,
	FAULT_POISON,
	FAULT_POISON_NAMED,
};

/* When the server asks: before the body, after it, or once the events are valid. */
enum fault_phase { FAULT_EARLY, FAULT_LATE, FAULT_DATA };

struct fault {
	char name[24];
	enum fault_kind kind;
	int code, status;
	bool applied; /* the events are stored all the same */
	int64_t ms;
	int retry_after_s; /* -1: none */
	uint64_t nth_from, nth_to, every, count;
	double share;
	int64_t after_ms, until_ms;
	char source_id[65], id[129];
	bool has_value;
	double value;
	uint64_t fired;
};

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
/* A rule that writes raw bytes and so cannot be had over TLS; NULL where there is none. */
const struct fault *fault_find_raw(const struct fault_list *l);

/* One line for each name, for -h. */
void fault_print_names(FILE *to);

#endif
