/* SPDX-License-Identifier: MIT
 * chance.h - chance that repeats: splitmix64, a stream for each part of the world, so that a
 * change in one part leaves the others' dice as they were.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  none. */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

enum stream {
	CHANCE_PLAN,
	CHANCE_RELAY,    /* what the relay asks for */
	CHANCE_SCHEDULE, /* who runs when */
	CHANCE_DISK,
	CHANCE_NET,
	CHANCE_ACTOR,
	STREAMS
};

uint64_t chance(enum stream s);

/* 0 .. below - 1; 0 where below is 0. */
int64_t chance_below(enum stream s, int64_t below);

/* low .. high, both included. */
int64_t chance_between(enum stream s, int64_t low, int64_t high);

/* The same, where each power of two is as likely as the next: mostly small. */
int64_t chance_skewed(enum stream s, int64_t low, int64_t high);

bool chance_hit(enum stream s, int permille);

void chance_seed(uint64_t seed);

#endif
