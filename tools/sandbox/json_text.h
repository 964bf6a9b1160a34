/* SPDX-License-Identifier: MIT
 * json_text.h - a member of a JSON object as the bytes that were received: a parser would
 * write 29.99 as 29.989999999999998.
 *
 * Owns:    nothing; what is found points into the text.
 * Thread:  any.
 * Errors:  none; on text that is not JSON something inside the text, or nothing, is found.
 */
#ifndef SANDBOX_JSON_TEXT_H
#define SANDBOX_JSON_TEXT_H

#include "base/str.h"

/* The value of the last member `name` of the object; STR_NONE where there is none. */
struct str json_text_member(struct str object, const char *name);

#endif
