/* SPDX-License-Identifier: MIT
 * authorities.h - the certificates to trust, looked at before the first handshake, which is where
 * libcurl would tell.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  NOINPUT the file cannot be read; DATA it holds no certificate. */
#ifndef NET_AUTHORITIES_H
#define NET_AUTHORITIES_H

#include "base/err.h"

/* file NULL: the system's. */
MUST_CHECK enum err_code authorities_check(const char *file, struct err *e);

#endif
