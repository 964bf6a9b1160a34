/* SPDX-License-Identifier: MIT
 * table.h - the table of an output: aligned, and on a terminal no wider than that. For
 * output.c only.
 *
 * On a terminal columns without a value are left out, long text is cut with an ellipsis, and
 * what still does not fit is left out from the right, which is said at the end.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  none. */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include "cmd/output.h"

/* Prints and forgets the rows that are in the output's cells. */
void table_flush(struct output *o);

/* The last of them. */
void table_end(struct output *o);

#endif
