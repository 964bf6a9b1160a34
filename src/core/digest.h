/* SPDX-License-Identifier: MIT
 * digest.h - SHA-256, with memory that is had once and used for every event.
 *
 * Owns:    the state of one hash, from digest_init to digest_fini.
 * Thread:  one at a time; each worker has its own.
 * Errors:  out of memory aborts. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include "base/str.h"

#define DIGEST_LEN 32
#define DIGEST_HEX_LEN 64

struct digest {
	struct SHA256state_st *state; /* OpenSSL's */
};

void digest_init(struct digest *d);
void digest_fini(struct digest *d);

void digest_raw(struct digest *d, struct str in, unsigned char out[DIGEST_LEN]);

/* Lower-case hex digits, no NUL behind them. */
void digest_hex(struct digest *d, struct str in, char out[DIGEST_HEX_LEN]);

/* 2 * len lower-case hex digits, no NUL behind them. */
void digest_hex_of(const unsigned char *bytes, size_t len, char *out);

#endif
