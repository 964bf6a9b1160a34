/* SPDX-License-Identifier: MIT
 * json_text.h - JSON as the bytes that were received: a parser would write 29.99 as
 * 29.989999999999998, and jansson reads no integer of more than 64 bits.
 *
 * Owns:    nothing; what is found points into the text.
 * Thread:  any.
 * Errors:  none; on text that is not JSON something inside the text, or nothing, is found.
 */
#ifndef SANDBOX_JSON_TEXT_H
#define SANDBOX_JSON_TEXT_H

#include "base/buf.h"

/* The value of the last member `name` of the object; STR_NONE where there is none. */
struct str json_text_member(struct str object, const char *name);

/* Appends the text with each integer that may need more than 64 bits as a real number. */
void json_text_widen(struct str text, struct buf *out);

#endif
