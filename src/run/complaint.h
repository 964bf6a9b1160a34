/* SPDX-License-Identifier: MIT
 * complaint.h - what fails again and again until somebody mends it: the log has it at once,
 * again where the error becomes another, and each minute.
 *
 * Owns:    nothing.
 * Thread:  the loop's.
 * Errors:  none.
 * See:     trouble.h, for what the database refuses to take. */
#ifndef RUN_COMPLAINT_H
#define RUN_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct complaint {
	uint64_t told_ms; /* monotonic: the log said so; 0: it does not fail */
	char told[sizeof(((struct err *)0)->msg)];
};

/* It failed. `event` is a constant word of the log, `now` a monotonic time in ms. */
void complaint_note(struct complaint *c, const char *event, const struct err *e,
		    uint64_t now);

/* It went well; the log says `event` where it had failed. */
void complaint_over(struct complaint *c, const char *event);

#endif
