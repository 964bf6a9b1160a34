/* SPDX-License-Identifier: MIT
 * clock.h - the clocks and chance; nothing else in the tree asks for them.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none; a kernel without CLOCK_MONOTONIC or getrandom aborts. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Unix time in milliseconds; steps when the clock is set. */
int64_t clock_wall_ms(void);

/* Milliseconds and microseconds since an unnamed start; never goes back. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);

/* Milliseconds since the machine's start, its sleep too; never goes back. */
uint64_t clock_boot_ms(void);

/* 64 random bits. */
uint64_t clock_random(void);

#endif
