/* SPDX-License-Identifier: MIT
 * digest.h - SHA-256, fetched once and used for every event.
 *
 * Owns:    an EVP_MD and its context, from digest_init to digest_fini.
 * Thread:  one at a time; each worker has its own.
 * Errors:  OpenSSL without SHA-256 or out of memory aborts. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include "base/str.h"

#define DIGEST_LEN 32
#define DIGEST_HEX_LEN 64

struct digest {
	struct evp_md_st *md;
	struct evp_md_ctx_st *ctx;
};

void digest_init(struct digest *d);
void digest_fini(struct digest *d);

void digest_raw(struct digest *d, struct str in, unsigned char out[DIGEST_LEN]);

/* Lower-case hex digits, no NUL behind them. */
void digest_hex(struct digest *d, struct str in, char out[DIGEST_HEX_LEN]);

/* 2 * len lower-case hex digits, no NUL behind them. */
void digest_hex_of(const unsigned char *bytes, size_t len, char *out);

#endif
