/* SPDX-License-Identifier: MIT
 * ledger.h - one JSON line for each request, on its way to the disk before the answer.
 *
 * Owns:    the file, opened for appending; each line is one write(2).
 * Thread:  one at a time; the caller locks.
 * Errors:  CANTCREAT the file cannot be opened; IO a line could not be written whole.
 *          A kill in the middle of a long write may leave a last line without its newline:
 *          that request was never answered, and ledger_open cuts the piece off. */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct exchange;

struct ledger {
	int fd; /* -1: no ledger */
	uint64_t lines;
	struct buf line;
};

#define LEDGER_NONE                                                                      \
	{                                                                                \
		.fd = -1                                                                 \
	}

enum err_code ledger_open(struct ledger *l, const char *path, struct err *e) MUST_CHECK;
enum err_code ledger_add(struct ledger *l, const struct exchange *x,
			 struct err *e) MUST_CHECK;
void ledger_close(struct ledger *l);

#endif
