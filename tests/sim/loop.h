/* SPDX-License-Identifier: MIT
 * loop.h - what the world does to the relay's loop; the functions of libuv that the relay calls
 * are in loop.c.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  none. */
#ifndef SIM_LOOP_H
#define SIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Calls fn on the loop at a moment of true time; forgets what was posted for arg. */
void loop_post(int64_t at_us, void (*fn)(void *arg), void *arg);
void loop_unpost(void *arg);

/* A signal; false where nobody waits for it. */
bool loop_raise(int number);

/* Something in the folder of the database was written; `name` is the file's. */
void loop_written(const char *name);

#endif
