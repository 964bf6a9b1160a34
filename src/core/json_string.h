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

#endif
