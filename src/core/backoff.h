/* SPDX-License-Identifier: MIT
 * backoff.h - how long to wait before the next attempt: full jitter, which spreads
 * clients that failed together; and with how many others a row is tried then.
 *
 * Owns:    nothing; chance comes from the caller.
 * Thread:  any.
 * Errors:  none.
 * See:     "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. */
#ifndef CORE_BACKOFF_H
#define CORE_BACKOFF_H

#include <stdint.h>

/* Milliseconds in 1 .. min(cap_ms, base_ms * 2^(failures - 1)); random is any 64 bits. */
static inline int64_t backoff_ms(int failures, int64_t base_ms, int64_t cap_ms,
				 uint64_t random)
{
	int64_t ceiling = base_ms;

	for (int i = 1; i < failures && ceiling < cap_ms; i++)
		ceiling *= 2;
	if (ceiling > cap_ms)
		ceiling = cap_ms;
	return ceiling <= 1 ? 1 : 1 + (int64_t)(random % (uint64_t)ceiling);
}

/* What has failed three times and more is tried with ever fewer others: where one event, or
 * the size of them all, makes a request fail, the others do not go on failing with it. */
static inline int backoff_together(int attempts, int most)
{
	for (int i = 2; i < attempts && most > 1; i++)
		most /= 2;
	return most;
}

#endif
