/* SPDX-License-Identifier: MIT */
#include "core/digest.h"

#include <stdlib.h>

/* What OpenSSL would rather have us use allocates and frees for each hash and costs four
 * times as much. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

void digest_init(struct digest *d)
{
	d->state = malloc(sizeof(*d->state));
	if (!d->state)
		abort();
}

void digest_fini(struct digest *d)
{
	free(d->state);
	d->state = NULL;
}

void digest_raw(struct digest *d, struct str in, unsigned char out[DIGEST_LEN])
{
	if (SHA256_Init(d->state) != 1 || SHA256_Update(d->state, in.p, in.len) != 1 ||
	    SHA256_Final(out, d->state) != 1)
		abort();
}

void digest_hex_of(const unsigned char *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned both = bytes[i] >> 4 | (bytes[i] & 15u) << 8;
		/* In each half a one where the digit is a letter. */
		unsigned letters = (both + 0x0606) >> 4 & 0x0101;

		both += 0x3030 + letters * ('a' - '0' - 10);
		out[2 * i] = (char)both;
		out[2 * i + 1] = (char)(both >> 8);
	}
}

void digest_hex(struct digest *d, struct str in, char out[DIGEST_HEX_LEN])
{
	unsigned char raw[DIGEST_LEN];

	digest_raw(d, in, raw);
	digest_hex_of(raw, sizeof(raw), out);
}
