/* SPDX-License-Identifier: MIT
 * terminal.h - what is known about the terminal: its width, whether it shows colours; and
 * words wrapped to fit it.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  none; what is no terminal has no width and no colours. */
#ifndef CMD_TERMINAL_H
#define CMD_TERMINAL_H

#include <stdio.h>

#include "base/str.h"

enum style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_FAINT,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
};

/* Columns of the terminal behind a stream; 0: it is none. Asked anew each time. */
int terminal_width(FILE *file);
int terminal_height(FILE *file);

/* What switches a style on, PLAIN: off; "" where there are no colours (no terminal, a dumb
 * one, or NO_COLOR is set). */
const char *terminal_style(FILE *file, enum style style);

/* The style of a status, a state, a finding or an outcome; PLAIN for other words. */
enum style terminal_style_of(struct str word);

/* Clean text, its commands as they are typed here (base/typed.h), broken at blanks so that it ends before the terminal does; lines after the first
 * begin with `indent` blanks, and `column` is where the first one stands. Ends the line. */
void terminal_wrap(FILE *file, struct str sentence, int column, int indent);

#endif
