/* SPDX-License-Identifier: MIT
 * expiry.h - when a destination's token ends.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  those of vault.h; else the database's.
 * See:     grant.h, which looks after it. */
#ifndef STORE_EXPIRY_H
#define STORE_EXPIRY_H

#include "store/credential.h"

/* Unix ms; 0: never, as far as is known. */
MUST_CHECK enum err_code expiry_of(struct db *db, const struct vault *vault,
				   int32_t destination_id, int64_t *at_ms, struct err *e);

#endif
