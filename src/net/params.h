/* SPDX-License-Identifier: MIT
 * params.h - the pairs of a query or of a form (application/x-www-form-urlencoded).
 *
 * Owns:    the text that names and values point into, from params_parse to params_fini.
 * Thread:  one at a time.
 * Errors:  what is not well-formed is an expected outcome: false. */
#ifndef NET_PARAMS_H
#define NET_PARAMS_H

#include "base/buf.h"

#define PARAMS_MAX 16
#define PARAMS_BYTES_MAX 8192

struct params {
	struct buf text;
	struct {
		struct str name, value;
	} pair[PARAMS_MAX];
	int count;
};

/* False for a bad escape, a NUL, or more than fits; then nothing is in it. In any case ended
 * with params_fini. */
bool params_parse(struct params *p, struct str text);
void params_fini(struct params *p);

/* The last value of the name, as a form's button comes behind its fields; STR_NONE (p == NULL)
 * where there is none. */
struct str params_get(const struct params *p, const char *name);

#endif
