/* SPDX-License-Identifier: MIT
 * fiber.h - threads that run one at a time, in an order that the seed chooses; while none can
 * run, virtual time passes.
 *
 * Owns:    stacks, kept for the fibers to come.
 * Thread:  one.
 * Errors:  fibers that all wait for each other break the seed.
 * See:     threads.c, pthread's functions on top of it. */
#ifndef SIM_FIBER_H
#define SIM_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "trouble.h"

struct fiber;

/* `name` is a constant. */
struct fiber *fiber_start(const char *name, void (*fn)(void *arg), void *arg);
struct fiber *fiber_self(void);
const char *fiber_name(void);
void fiber_rename(struct fiber *f, const char *name);

/* Others run meanwhile. Outside of any fiber only time passes. */
void fiber_sleep(int64_t us);
/* Until fiber_wake, at most until a moment of true time. */
void fiber_park(int64_t until_us);
void fiber_wake(struct fiber *f, int64_t in_us);
void fiber_join(struct fiber *f);

/* Runs all fibers until each has ended. */
void fiber_run(void);

/* Something happens here: the life may end, others may run first. */
void fiber_mark(enum mark mark);

/* Begins to count marks towards this end. */
void fiber_doom(const struct doom *doom);

/* Ends the process at once; what it was doing stays as it is. */
extern void (*fiber_last_words)(void);
_Noreturn void fiber_die(void);

#endif
