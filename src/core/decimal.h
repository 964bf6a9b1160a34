/* SPDX-License-Identifier: MIT
 * decimal.h - a JSON number by its digits, never by way of a double.
 *
 * Owns:    nothing; a decimal borrows the text it was read from.
 * Thread:  any.
 * Errors:  what is no number is an expected outcome. */
#ifndef CORE_DECIMAL_H
#define CORE_DECIMAL_H

#include <stdint.h>

#include "base/buf.h"

/* 0.ddd * 10^point, the digits without zeros at either end; none: zero. */
struct decimal {
	struct str digits; /* a '.' may stand among them */
	size_t count;      /* digits, without the '.' */
	int64_t point;
	bool negative;
};

enum decimal_form { DECIMAL_FRACTION = 1, DECIMAL_EXPONENT = 2 };

/* Behind the longest JSON number at p; NULL where none begins there. `form` tells what it
 * has, enum decimal_form. */
const char *decimal_end(const char *p, const char *end, unsigned *form);

/* False where `text` is not exactly one JSON number. */
bool decimal_read(struct str text, struct decimal *out);

/* No double is as large. */
bool decimal_is_huge(const struct decimal *d);

#define DECIMAL_INTEGER_DIGITS 18

/* A whole number of at most 18 digits, 2.0 and 1e3 among them; false for others. */
bool decimal_to_integer(const struct decimal *d, int64_t *out);

/* 1.5, but not 2.0. */
static inline bool decimal_has_fraction(const struct decimal *d)
{
	return d->point < (int64_t)d->count;
}

/* Of as many digits as decimal_print writes without an exponent, and nothing behind the point. */
bool decimal_is_whole(const struct decimal *d);

/* As ECMAScript prints a number: 29.990, 2.999e1 and 29.99 come out alike. All digits
 * are kept, also those that a double would lose. */
void decimal_print(const struct decimal *d, struct buf *out);

#endif
