/* SPDX-License-Identifier: MIT
 * find_block.h - which of sixteen bytes are one of a few, where the machine can tell at once. See
 * base/find_any.h.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef BASE_FIND_BLOCK_H
#define BASE_FIND_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* `bytes` and `also` are constants: each use has a form of its own. */
#define FIND_INLINE static inline __attribute__((always_inline))

/* What is looked for beside `bytes`. Blanks: the space, the control bytes below it, and DEL. */
enum find_also { FIND_NOTHING, FIND_BLANKS, FIND_BLANKS_AND_WIDE /* no ASCII */ };

#ifdef __SSE2__
#include <emmintrin.h>

FIND_INLINE unsigned find_in(__m128i v, const char *bytes, enum find_also also)
{
	__m128i is = _mm_setzero_si128();

	if (also == FIND_BLANKS_AND_WIDE) /* whose bytes are negative */
		is = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ' + 1)),
				  _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	else if (also)
		is = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ')), v),
				  _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	for (size_t i = 0; i < strlen(bytes); i++)
		is = _mm_or_si128(is, _mm_cmpeq_epi8(v, _mm_set1_epi8(bytes[i])));
	return (unsigned)_mm_movemask_epi8(is);
}

FIND_INLINE unsigned find_block(const char *p, const char *bytes, enum find_also also)
{
	return find_in(_mm_loadu_si128((const __m128i *)(const void *)p), bytes, also);
}

/* The first eight bytes and the last eight. */
FIND_INLINE const char *find_in_short(const char *p, const char *end, const char *bytes,
				      enum find_also also)
{
	__m128i v = _mm_unpacklo_epi64(
		_mm_loadl_epi64((const __m128i *)(const void *)p),
		_mm_loadl_epi64((const __m128i *)(const void *)(end - 8)));
	unsigned found = find_in(v, bytes, also);

	if (found & 0xff)
		return p + __builtin_ctz(found);
	return found ? end - 16 + __builtin_ctz(found) : end;
}
#endif

#endif
