/* SPDX-License-Identifier: MIT
 * glyph.h - how much room a code point takes on a terminal, and whether it belongs there.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_GLYPH_H
#define CORE_GLYPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* 1 or 2 columns; 0 for a mark on the one before it; -1 for what a terminal would obey or
 * what would deceive whoever reads it: controls, marks of direction, what is invisible. */
int glyph_width(uint32_t code_point);

/* The bytes of the UTF-8 sequence at `p`, and what it says; 0 where there is none. */
size_t glyph_read(const char *p, size_t left, uint32_t *code_point);

/* As much of the text as `cap` bytes hold with their NUL, whole code points; a blank for each that
 * does not belong on a terminal. */
void glyph_copy(char *out, size_t cap, struct str text);

#endif
