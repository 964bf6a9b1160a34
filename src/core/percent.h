/* SPDX-License-Identifier: MIT
 * percent.h - percent-encoded text, byte by byte.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none; what is no code stands for itself. */
#ifndef CORE_PERCENT_H
#define CORE_PERCENT_H

#include "base/str.h"

/* The next byte with all layers of encoding taken off at once: %40, %2540 and %252540 are
 * '@'. Not for an empty `s`. */
static inline char percent_next(struct str *s)
{
	size_t n = 1;
	char c = s->p[0];

	if (c == '%') {
		while (s->len - n >= 2 && s->p[n] == '2' && s->p[n + 1] == '5')
			n += 2;
		if (s->len - n >= 2 && ascii_is_hex(s->p[n]) &&
		    ascii_is_hex(s->p[n + 1])) {
			c = (char)(ascii_nibble(s->p[n]) * 16 +
				   ascii_nibble(s->p[n + 1]));
			n += 2;
		}
	}
	*s = str_make(s->p + n, s->len - n);
	return c;
}

#endif
