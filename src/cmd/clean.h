/* SPDX-License-Identifier: MIT
 * clean.h - bytes from a database, made fit for a terminal or for JSON.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/glyph.h, what is fit. */
#ifndef CMD_CLEAN_H
#define CMD_CLEAN_H

#include <stdio.h>

#include "base/buf.h"

enum clean_keep {
	CLEAN_LINE,  /* for one line: '?' for all that a terminal would obey */
	CLEAN_LINES, /* line feeds stay */
	CLEAN_ALL,   /* only what is no UTF-8 is replaced: for JSON */
};

/* Appends text as UTF-8; how many columns it takes. */
int clean_text(struct buf *out, struct str text, enum clean_keep keep);

/* The same, to a stream. */
void clean_print(FILE *file, struct str text, enum clean_keep keep);

/* The columns of clean text. */
int clean_width(struct str text);

/* How many bytes of clean text fit into so many columns. */
size_t clean_fit(struct str text, int width);

/* Appends clean text, so that it takes so many columns at most: what is in the middle goes, for
 * ids differ in their ends. */
void clean_middle(struct buf *out, struct str text, int width);

#endif
