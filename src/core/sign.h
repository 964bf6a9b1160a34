/* SPDX-License-Identifier: MIT
 * sign.h - whether a string of a payload may tell who somebody is (core/personal.h,
 * may_tell_who), for short ones at once.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_SIGN_H
#define CORE_SIGN_H

#include "core/json.h"
#include "core/personal.h"

/* False where neither an escape nor one of the signs is in the string at `at`. */
static inline bool json_has_sign(const struct json *j, uint32_t at)
{
	const struct json_token *t = &j->t[at];

	if (t->flags & (TOKEN_ESCAPED | TOKEN_CLEAN))
		return !(t->flags & TOKEN_CLEAN);
#ifdef __SSE2__
	/* Together with what stands before it in the payload, which does not count. */
	if (t->end - t->start <= 16 && t->end >= 16)
		return find_block(j->text.p + t->end - 16, TELLING_SIGNS, false) >>
			       (16 - (t->end - t->start)) !=
		       0;
#endif
	return may_tell_who(json_bytes(j, at));
}

#endif
