/* SPDX-License-Identifier: MIT
 * content.h - tells whether what a row of the outbox holds has changed.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include "core/event_time.h"

/* XXH3-64 of what an event_id is derived of: the columns event, event_time and payload. Kept in
 * derived_id.content. */
int64_t content_hash(struct str event, const struct event_time *t, struct str payload);

#endif
