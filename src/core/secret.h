/* SPDX-License-Identifier: MIT
 * secret.h - a token or an app secret: bytes that are wiped, and never printed.
 *
 * `bytes` is unsigned on purpose: it fits no %s. What must read it (vault.c, the
 * request's header) names it, and a lint counts them.
 *
 * Owns:    its bytes, from the first write to secret_fini.
 * Thread:  one at a time.
 * Errors:  none. */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <openssl/crypto.h>
#include <stddef.h>

#define SECRET_MAX 4096

struct secret {
	unsigned char bytes[SECRET_MAX];
	size_t len;
};

static inline void secret_fini(struct secret *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

#endif
