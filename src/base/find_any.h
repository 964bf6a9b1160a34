/* SPDX-License-Identifier: MIT
 * find_any.h - the first of a few bytes in a text, sixteen at a time where the machine can.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef BASE_FIND_ANY_H
#define BASE_FIND_ANY_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* `bytes` and `blanks` are constants: each use has a form of its own. */
#define FIND_INLINE static inline __attribute__((always_inline))

/* Blanks: the space, the control bytes below it, and DEL. */
FIND_INLINE bool find_is(char c, const char *bytes, bool blanks)
{
	bool is = blanks && ((unsigned char)c <= ' ' || c == 0x7f);

	for (size_t i = 0; i < strlen(bytes); i++)
		is |= c == bytes[i];
	return is;
}

#ifdef __SSE2__
#include <emmintrin.h>

FIND_INLINE unsigned find_block(const char *p, const char *bytes, bool blanks)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i is = _mm_setzero_si128();

	if (blanks)
		is = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ')), v),
				  _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	for (size_t i = 0; i < strlen(bytes); i++)
		is = _mm_or_si128(is, _mm_cmpeq_epi8(v, _mm_set1_epi8(bytes[i])));
	return (unsigned)_mm_movemask_epi8(is);
}
#endif

/* The first byte of [p, end) that is one of `bytes` or, with `blanks`, a blank; else
 * `end`. */
FIND_INLINE const char *find_any(const char *p, const char *end, const char *bytes,
				 bool blanks)
{
#ifdef __SSE2__
	if (end - p >= 16) {
		unsigned found;

		for (; end - p >= 16; p += 16) {
			found = find_block(p, bytes, blanks);
			if (found)
				return p + __builtin_ctz(found);
		}
		/* The last sixteen; what was looked at before is none of them. */
		found = find_block(end - 16, bytes, blanks);
		return found ? end - 16 + __builtin_ctz(found) : end;
	}
#endif
	while (p < end && !find_is(*p, bytes, blanks))
		p++;
	return p;
}

#endif
