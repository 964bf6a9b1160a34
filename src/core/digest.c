/* SPDX-License-Identifier: MIT */
#include "core/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>

void digest_init(struct digest *d)
{
	d->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	d->ctx = EVP_MD_CTX_new();
	if (!d->md || !d->ctx)
		abort();
}

void digest_fini(struct digest *d)
{
	EVP_MD_CTX_free(d->ctx);
	EVP_MD_free(d->md);
	*d = (struct digest){NULL, NULL};
}

void digest_raw(struct digest *d, struct str in, unsigned char out[DIGEST_LEN])
{
	if (EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1 ||
	    EVP_DigestUpdate(d->ctx, in.p, in.len) != 1 ||
	    EVP_DigestFinal_ex(d->ctx, out, NULL) != 1)
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
