/* SPDX-License-Identifier: MIT
 * find_any.h - the first of a few bytes in a text, sixteen at a time where the machine can.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef BASE_FIND_ANY_H
#define BASE_FIND_ANY_H

#include "base/find_block.h"

FIND_INLINE bool find_is(char c, const char *bytes, enum find_also also)
{
	bool is = also && ((unsigned char)c <= ' ' || c == 0x7f);

	is |= also == FIND_BLANKS_AND_WIDE && (unsigned char)c >= 0x80;
	for (size_t i = 0; i < strlen(bytes); i++)
		is |= c == bytes[i];
	return is;
}

/* The first byte of [p, end) that is one of `bytes` or what `also` says; else
 * `end`. */
FIND_INLINE const char *find_any(const char *p, const char *end, const char *bytes,
				 enum find_also also)
{
#ifdef __SSE2__
	if (end - p >= 16) {
		unsigned found;

		for (; end - p >= 16; p += 16) {
			found = find_block(p, bytes, also);
			if (found)
				return p + __builtin_ctz(found);
		}
		/* The last sixteen; what was looked at before is none of them. */
		found = find_block(end - 16, bytes, also);
		return found ? end - 16 + __builtin_ctz(found) : end;
	}
	if (end - p >= 8)
		return find_in_short(p, end, bytes, also);
#endif
	while (p < end && !find_is(*p, bytes, also))
		p++;
	return p;
}

#endif
