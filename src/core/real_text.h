/* SPDX-License-Identifier: MIT
 * real_text.h - a whole number that was bound as a floating one, as JavaScript has no other: in a
 * column of texts SQLite writes 4711 as "4711.0".
 *
 * Owns:    nothing; the result is borrowed from the argument.
 * Thread:  any.
 * Errors:  none.
 * See:     https://sqlite.org/datatype3.html, 3. Type Affinity. */
#ifndef CORE_REAL_TEXT_H
#define CORE_REAL_TEXT_H

#include "base/ascii.h"
#include "base/str.h"

/* Its digits; anything else as it is. */
static inline struct str real_text_whole(struct str text)
{
	if (text.len < 3 || text.p[text.len - 1] != '0' || text.p[text.len - 2] != '.')
		return text;
	for (size_t i = 0; i < text.len - 2; i++)
		if (!ascii_is_digit(text.p[i]))
			return text;
	return str_make(text.p, text.len - 2);
}

/* With a '+' that was put in front, too. */
static inline struct str real_text_phone(struct str text)
{
	size_t plus = text.len > 0 && text.p[0] == '+';
	struct str rest = str_make(text.p + plus, text.len - plus);

	return str_make(text.p, plus + real_text_whole(rest).len);
}

#endif
