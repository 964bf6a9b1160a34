/* SPDX-License-Identifier: MIT
 * probe.h - what machines ask: whether it is ready, and its numbers.
 *
 * Owns:    nothing.
 * Thread:  the console's worker.
 * Errors:  become the answer. */
#ifndef RUN_PROBE_H
#define RUN_PROBE_H

#include "run/errand.h"

void probe_ready(struct errand *errand);
void probe_metrics(struct errand *errand);

#endif
