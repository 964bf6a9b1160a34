/* SPDX-License-Identifier: MIT
 * unicode_fold.h - the slow path of core/normalize.h: values with bytes beyond ASCII.
 *
 * Owns:    nothing; works on the stack.
 * Thread:  any.
 * Errors:  none; false for what is no UTF-8, too long, or empty in the end. */
#ifndef CORE_UNICODE_FOLD_H
#define CORE_UNICODE_FOLD_H

#include "base/buf.h"

/* A longer value is no identifier. */
#define UNICODE_FOLD_MAX 1024

enum fold {
	FOLD_EMAIL, /* lower case, NFC, no invisible code points */
	FOLD_NAME,  /* lower case, NFC, white space one blank each */
	FOLD_ZIP,   /* lower case, NFKC, no white space, no dashes */
	FOLD_PLACE, /* lower case, letters and digits only, Latin ones ASCII */
};

/* Trims, folds and appends; nothing where it returns false. */
bool unicode_fold(struct str in, enum fold how, struct buf *out);

/* The code point at *at, in lower case, and moves behind it; a byte that is no UTF-8 is itself. */
uint32_t unicode_lower(struct str s, size_t *at);

#endif
