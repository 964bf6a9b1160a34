/* SPDX-License-Identifier: MIT
 * plain.h - how far a text is plain: no quote, no backslash, no control byte.
 *
 * Every form finds the same byte (plain_words.h says which); plain_end is the fastest that
 * the machine has.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include "base/plain_words.h"

#ifdef __SSE2__
#include <emmintrin.h>

/* Sixteen bytes at a time. */
PLAIN_INLINE unsigned plain_block(const char *p, bool ascii)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
				   _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

	/* Signed, bytes past 0x7f are below 0x20 as well. */
	if (ascii)
		odd = _mm_or_si128(odd, _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)));
	else
		odd = _mm_or_si128(
			odd, _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
	return (unsigned)_mm_movemask_epi8(odd);
}

PLAIN_INLINE const char *plain_end_sse2(const char *p, const char *end, bool ascii)
{
	const char *from = p;
	unsigned odd;

	for (; end - p >= 16; p += 16) {
		odd = plain_block(p, ascii);
		if (odd)
			return p + __builtin_ctz(odd);
	}
	if (end - from < 16)
		return plain_end_words(p, end, ascii);
	/* The last sixteen; what was looked at before is plain. */
	odd = plain_block(end - 16, ascii);
	return odd ? end - 16 + __builtin_ctz(odd) : end;
}
#endif

PLAIN_INLINE const char *plain_end(const char *p, const char *end, bool ascii)
{
#ifdef __SSE2__
	return plain_end_sse2(p, end, ascii);
#else
	return plain_end_words(p, end, ascii);
#endif
}

#endif
