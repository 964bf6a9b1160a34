/* SPDX-License-Identifier: MIT
 * outfile.h - a file that a verb writes: whole, or as it was.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  USAGE the file is one of convey's own; CANTCREAT, IO. */
#ifndef CMD_OUTFILE_H
#define CMD_OUTFILE_H

#include "base/err.h"
#include "base/str.h"

/* A file is written beside the old one and takes its place, with its owner and mode; where that
 * cannot be, and what is no file (a pipe, a device), is written to. */
MUST_CHECK enum err_code outfile_write(const char *db_path, const char *path,
				       struct str text, struct err *e);

#endif
