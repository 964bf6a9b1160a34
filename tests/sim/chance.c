/* SPDX-License-Identifier: MIT */
#include "chance.h"

#include "world.h"

static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void chance_seed(uint64_t seed)
{
	for (int i = 0; i < STREAMS; i++) {
		world->chance[i] = seed * STREAMS + (uint64_t)i;
		world->chance[i] = next(&world->chance[i]);
	}
}

uint64_t chance(enum stream s)
{
	return next(&world->chance[s]);
}

int64_t chance_below(enum stream s, int64_t below)
{
	return below > 0 ? (int64_t)(chance(s) % (uint64_t)below) : 0;
}

int64_t chance_between(enum stream s, int64_t low, int64_t high)
{
	return low + chance_below(s, high - low + 1);
}

int64_t chance_skewed(enum stream s, int64_t low, int64_t high)
{
	int64_t span = high - low + 1;
	int bits = 0;

	while (bits < 62 && INT64_C(1) << bits < span)
		bits++;
	bits = (int)chance_below(s, bits + 1);
	span = INT64_C(1) << bits < span ? INT64_C(1) << bits : span;
	return low + chance_below(s, span);
}

bool chance_hit(enum stream s, int permille)
{
	return permille > 0 && chance_below(s, 1000) < permille;
}
