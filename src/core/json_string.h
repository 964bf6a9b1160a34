/* SPDX-License-Identifier: MIT
 * json_string.h - the strings in JSON that are more than plain ASCII; the rest of this is in
 * core/json.h.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  what is no string is an expected outcome. */
#ifndef CORE_JSON_STRING_H
#define CORE_JSON_STRING_H

#include "core/json.h"

/* From a byte of a string's content, the first of an escape or of a character, to its closing
 * quote; NULL where none follows or the content is none that JSON allows. */
const char *json_string_end(const char *at, const char *end, bool *escaped);

/* Whether a string can say it: UTF-8 without NUL, which payloads may not have either. */
bool json_can_say(struct str s);

/* Whether there may be blanks around what the value says; an escape may be one. */
static inline bool json_may_be_padded(const struct json *j, uint32_t at)
{
	const struct json_token *t = &j->t[at];

	return t->flags & TOKEN_ESCAPED || j->text.p[t->start] == ' ' ||
	       j->text.p[t->end - 1] == ' ';
}

#endif
