/* SPDX-License-Identifier: MIT
 * nobody_hash.h - whether a hash that a producer made was made of nobody: of a word for nobody
 * (nobody_words.h) in the usual spellings, an id of zeros, an address or a number that many give.
 *
 * Owns:    a table, filled at the first hash that is looked up.
 * Thread:  any.
 * Errors:  out of memory aborts. */
#ifndef CORE_NOBODY_HASH_H
#define CORE_NOBODY_HASH_H

#include "base/str.h"

enum hash_owner {
	HASH_OF_ANY,    /* what nothing is known of */
	HASH_OF_NOBODY, /* no id at all */
	HASH_OF_MANY, /* test@example.com, +1234567890: to be sent, but no one person's */
};

/* What is shorter is no hash. */
#define HASH_MIN_LEN 32

/* Of SHA-256 in hex of either case; of MD5 and SHA-1 only that of nothing is known. */
enum hash_owner whose_hash(struct str hex);

/* SHA-256, MD5 or SHA-1 of the empty string. */
bool is_hash_of_nothing(struct str hex);

#endif
