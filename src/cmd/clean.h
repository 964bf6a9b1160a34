/* SPDX-License-Identifier: MIT
 * clean.h - bytes from a database, made fit for a terminal or for JSON.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CMD_CLEAN_H
#define CMD_CLEAN_H

#include "base/buf.h"

/* Appends text as UTF-8, '?' for what is none and, unless they are kept, for control
 * characters; how many columns it takes, one a code point. */
int clean_text(struct buf *out, struct str text, bool keep_controls);

/* The columns of clean text. */
int clean_width(const char *text);

#endif
