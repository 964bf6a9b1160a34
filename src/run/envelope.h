/* SPDX-License-Identifier: MIT
 * envelope.h - a request's body around its events.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none; out->full tells. */
#ifndef RUN_ENVELOPE_H
#define RUN_ENVELOPE_H

#include "base/buf.h"
#include "core/rules.h"

/* Everything up to the first event; events are joined by commas. */
void envelope_open(struct buf *out, enum event_source source, const char *pixel_id,
		   const char *test_event_code);
void envelope_close(struct buf *out);

#endif
