/* SPDX-License-Identifier: MIT
 * plain.h - how far a text is plain: no quote, no backslash, no control byte.
 *
 * Every form finds the same byte; plain_end is the fastest that the machine has.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

#ifdef __SSE2__
/* The same, sixteen bytes at a time. */
PLAIN_INLINE const char *plain_end_sse2(const char *p, const char *end, bool ascii)
{
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
					   _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		unsigned mask;

		/* Signed, bytes past 0x7f are below 0x20 as well. */
		if (ascii)
			odd = _mm_or_si128(odd, _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)));
		else
			odd = _mm_or_si128(
				odd,
				_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
		mask = (unsigned)_mm_movemask_epi8(odd);
		if (mask)
			return p + __builtin_ctz(mask);
	}
	return plain_end_words(p, end, ascii);
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
