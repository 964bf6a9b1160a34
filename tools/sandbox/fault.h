/* SPDX-License-Identifier: MIT
 * fault.h - misbehaviour on demand: what a SPEC says.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  USAGE with what is wrong in the SPEC.
 * See:     fault_list.h, which request it is for; misbehave.h, which carries it out. */
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
	FAULT_POISON_MISNAMED,
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

enum err_code fault_parse(const char *spec, struct fault *out, struct err *e) MUST_CHECK;
enum fault_phase fault_phase_of(enum fault_kind kind);

/* Writes raw bytes, and so cannot be had over TLS. */
bool fault_is_raw(enum fault_kind kind);

/* One line for each name, for -h. */
void fault_print_names(FILE *to);

#endif
