/* SPDX-License-Identifier: MIT
 * bearer.h - the token that changes something on the admin page: 64 hex digits in a file of
 * mode 0600 beside the database, made at the first start. Deleted, there is a new one at the
 * next.
 *
 * Owns:    nothing; the caller wipes the token.
 * Thread:  any; one process at a time (it holds the relay's lock).
 * Errors:  PERM a file that others may read or own; DATA one that holds no token; CANTCREAT. */
#ifndef RUN_BEARER_H
#define RUN_BEARER_H

#include "base/err.h"
#include "net/gate.h"

MUST_CHECK enum err_code bearer_load(const char *path, char out[GATE_TOKEN_LEN + 1],
				     struct err *e);

#endif
