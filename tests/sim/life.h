/* SPDX-License-Identifier: MIT
 * life.h - a seed from its beginning to its verdict: processes by fork, one after the other,
 * over what the ones before have left.
 *
 * Owns:    a folder for the key file and the lock, from life_init to life_fini.
 * Thread:  one.
 * Errors:  world->broken. */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include <stdbool.h>
#include <stdint.h>

void life_init(void);
void life_fini(void);

/* Makes the plan and lives it; false where a promise was broken. */
bool life_seed(uint64_t seed);

/* The same with a plan of the caller's, made after world_begin. */
bool life_plan(void);

/* A fresh world, and chance for a plan. */
void life_begin(uint64_t seed);

#endif
