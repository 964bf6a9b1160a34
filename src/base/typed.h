/* SPDX-License-Identifier: MIT
 * typed.h - convey's commands in a sentence, as they are typed here: where the service runs, root
 * types conveyctl, and systemctl starts the relay. conveyctl and the unit say so
 * (CONVEY_COMMAND=conveyctl).
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     tools/systemd/conveyctl.in. */
#ifndef BASE_TYPED_H
#define BASE_TYPED_H

#include "base/buf.h"

/* Room that the sentence takes at most. */
#define TYPED_MAX(len) (3 * (len) + 32)

/* Appends it. */
void typed_add(struct buf *out, struct str sentence);

/* The same where the text lies; what has no room is cut off. */
void typed_in(char *text, size_t size);

#endif
