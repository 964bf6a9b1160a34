/* SPDX-License-Identifier: MIT
 * look.h - the members of a payload that may tell who somebody is, by their text or by what is
 * inside of them: all that redact_needed has to look at.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_LOOK_H
#define CORE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#define LOOKS_MAX 16

struct look {
	uint32_t key;
	uint8_t field; /* enum field; FIELD_NONE: a name of the producer's */
	bool of_user;
};

struct looks {
	struct look look[LOOKS_MAX];
	uint32_t count; /* LOOKS_MAX + 1: more than fit, or members given twice */
	/* Looked at already: url_is_harmless says yes, and no escape is in it. */
	bool harmless_url, harmless_referrer;
	bool user_lists; /* there are some among the user's members */
};

#endif
