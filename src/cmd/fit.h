/* SPDX-License-Identifier: MIT
 * fit.h - whether a row is one that the relay would reject at any destination.
 *
 * Owns:    its memory, from fit_init to fit_fini.
 * Thread:  main.
 * Errors:  what is wrong with a row is a sentence for a person. */
#ifndef CMD_FIT_H
#define CMD_FIT_H

#include "core/conversion.h"
#include "store/enqueue.h"

struct fit {
	struct scratch scratch;
};

void fit_init(struct fit *f);
void fit_fini(struct fit *f);

/* NULL, or what is wrong: the event's name, its id, its time or the payload as a whole. */
const char *fit_check(struct fit *f, const struct enqueue_row *row);

#endif
