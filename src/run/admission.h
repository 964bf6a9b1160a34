/* SPDX-License-Identifier: MIT
 * admission.h - which requests a load becomes, and its way through the writer.
 *
 * Owns:    its job until the admission is stored; the load is the caller's, then the
 *          shipments'.
 * Thread:  the loop's; the job's work on the writer's.
 * Errors:  an admission that cannot be stored is read again.
 * See:     store/queue.h (queue_admit). */
#ifndef RUN_ADMISSION_H
#define RUN_ADMISSION_H

#include "run/relay.h"

/* False where the load's destinations cannot take it now; nothing has happened then. */
bool admission_start(struct relay *r, struct load *load);

/* Whether one that is being stored joins somebody whom the load came to. */
bool admission_concerns(const struct relay *r, const struct load *load);

/* Gives back a load of waiting rows; reading.c's, called when its admission is over. */
void reading_end_waiting(struct relay *r, struct load *load);

#endif
