/* SPDX-License-Identifier: MIT
 * reading.h - from the outbox to admitted requests: which rows to read, when, and who takes
 * them.
 *
 * Owns:    the relay's loads.
 * Thread:  the loop's.
 * Errors:  what fails is read again; a database that cannot be read ends the relay.
 * See:     run/load.h, run/shaper.h, store/queue.h. */
#ifndef RUN_READING_H
#define RUN_READING_H

#include "run/relay.h"

/* Asks for what may be read, admits what was read. */
void reading_pump(struct relay *r, uint64_t now_ms);

/* Forgets what was read and not admitted: it is read again. */
void reading_restart(struct relay *r);

/* Nothing is being read or admitted. */
bool reading_idle(const struct relay *r);

/* A load's memory: given back when nobody carries it any more. */
void reading_drop(struct relay *r, struct load *load);
void reading_fini(struct relay *r);

#endif
