/* SPDX-License-Identifier: MIT
 *
 * base/clock.h: the world's time and the seed's chance. */
#include "base/clock.h"

#include "world.h"

int64_t clock_wall_ms(void)
{
	return world_wall_ms();
}

uint64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

uint64_t clock_mono_us(void)
{
	return (uint64_t)world_mono_us();
}

uint64_t clock_boot_ms(void)
{
	return (uint64_t)world->now_us / 1000;
}

uint64_t clock_random(void)
{
	return chance(CHANCE_RELAY);
}
