/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static uint64_t now_us(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		abort();
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	return (int64_t)(now_us(CLOCK_REALTIME) / 1000);
}

uint64_t clock_mono_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

uint64_t clock_boot_ms(void)
{
	return now_us(CLOCK_BOOTTIME) / 1000;
}

uint64_t clock_random(void)
{
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		abort();
	return bits;
}
