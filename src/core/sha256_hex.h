/* SPDX-License-Identifier: MIT
 * sha256_hex.h - a SHA-256 written as 64 hex digits, as producers give it. Without a branch for
 * each digit: every identifier of every row is looked at.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_SHA256_HEX_H
#define CORE_SHA256_HEX_H

#include "base/str.h"
#include "core/digest.h"

/* Digits of either case, nothing around them. */
static inline bool is_sha256_hex(struct str in)
{
	unsigned char wrong = 0;

	if (in.len != DIGEST_HEX_LEN)
		return false;
	for (size_t i = 0; i < DIGEST_HEX_LEN; i++) {
		unsigned char digit = (unsigned char)(in.p[i] - '0');
		unsigned char letter = (unsigned char)((in.p[i] | 0x20) - 'a');

		wrong |= (digit > 9) & (letter > 5);
	}
	return !wrong;
}

/* Somewhere in it; a longer run of digits has one in it too, as letters may follow a number of which
 * a hash was made. */
static inline bool holds_sha256_hex(struct str in)
{
	for (size_t i = 0, run = 0; i < in.len && run + in.len - i >= DIGEST_HEX_LEN;
	     i++) {
		char c = (char)(in.p[i] | 0x20);
		bool is_digit = ascii_is_digit(in.p[i]) || (c >= 'a' && c <= 'f');

		run = is_digit ? run + 1 : 0;
		if (run == DIGEST_HEX_LEN)
			return true;
	}
	return false;
}

/* Of one that is; the bit is set in digits already. */
static inline void sha256_hex_lower(const char *hex, char out[DIGEST_HEX_LEN])
{
	for (size_t i = 0; i < DIGEST_HEX_LEN; i++)
		out[i] = (char)(hex[i] | 0x20);
}

static inline unsigned char sha256_hex_value(char digit)
{
	unsigned char c = (unsigned char)digit;

	return (unsigned char)((c & 15) + 9 * (c >> 6));
}

static inline void sha256_hex_bytes(const char *hex, unsigned char out[DIGEST_LEN])
{
	for (size_t i = 0; i < DIGEST_LEN; i++)
		out[i] = (unsigned char)(sha256_hex_value(hex[2 * i]) << 4 |
					 sha256_hex_value(hex[2 * i + 1]));
}

#endif
