/* SPDX-License-Identifier: MIT
 * plain_words.h - plain.h's form for every machine: eight bytes at a time.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     base/plain.h, which is to be included. */
#ifndef BASE_PLAIN_WORDS_H
#define BASE_PLAIN_WORDS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* `ascii` is a constant: a form of each for either. */
#define PLAIN_INLINE static inline __attribute__((always_inline))

#define PLAIN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first byte of [p, end) that is not plain, or `end`; with `ascii` also the first
 * byte past 0x7f. Eight bytes at a time. */
PLAIN_INLINE const char *plain_end_words(const char *p, const char *end, bool ascii)
{
	for (; end - p >= 8; p += 8) {
		uint64_t v, odd;

		memcpy(&v, p, sizeof(v));
		v = le64toh(v);
		/* The lowest byte marked is exact: nothing below it borrowed. */
		odd = (v - PLAIN_EACH(0x20)) | ((v ^ PLAIN_EACH('"')) - PLAIN_EACH(1)) |
		      ((v ^ PLAIN_EACH('\\')) - PLAIN_EACH(1));
		odd = (ascii ? odd | v : odd & ~v) & PLAIN_EACH(0x80);
		if (odd)
			return p + (__builtin_ctzll(odd) >> 3);
	}
	while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\' &&
	       !(ascii && (unsigned char)*p >= 0x80))
		p++;
	return p;
}

#endif
