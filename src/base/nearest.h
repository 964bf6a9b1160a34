/* SPDX-License-Identifier: MIT
 * nearest.h - "did you mean": of the words there are, the one that is spelled nearly so.
 *
 * Owns:    nothing but its copy of the words.
 * Thread:  any.
 * Errors:  none. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/str.h"

#define NEAREST_MAX 63 /* bytes of a word; longer ones are near to nothing */

struct nearest {
	char wanted[NEAREST_MAX + 1], best[NEAREST_MAX + 1];
	char hint[NEAREST_MAX + 32];
	int limit; /* a better one is no farther than this */
};

void nearest_init(struct nearest *n, struct str wanted);
/* The very word that was wanted is no hint, and ends the search. */
void nearest_offer(struct nearest *n, struct str word);

/* Hints at the word, however it is spelled. */
void nearest_take(struct nearest *n, struct str word);

/* The words of an array that ends with NULL, at once. */
void nearest_offer_all(struct nearest *n, const char *const *words);

/* "" where none is near. */
static inline const char *nearest_word(const struct nearest *n)
{
	return n->best;
}

/* "; did you mean 'WORD'?", "" where none is near. Valid as long as n. */
const char *nearest_hint(struct nearest *n);

#endif
