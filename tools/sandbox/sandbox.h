/* SPDX-License-Identifier: MIT
 * sandbox.h - what the sandbox knows while it runs.
 *
 * Owns:    faults, tokens, the ledger and what was stored, from sandbox_open to
 *          sandbox_close.
 * Thread:  any, one for each connection; `lock` guards all that changes.
 * Errors:  those of ledger_open.
 * See:     route.c, the table of paths; server.h, who calls them. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dedup.h"
#include "exchange.h"
#include "fault_list.h"
#include "ledger.h"
#include "oauth.h"
#include "token.h"

#define CODES_MAX 64

struct stats {
	uint64_t requests, events, fresh, duplicate, test_events, bytes;
	struct {
		int code; /* -1: no answer with a code */
		uint64_t count;
	} codes[CODES_MAX];
	size_t code_count;
};

struct sandbox {
	/* set before the first request */
	const char **pixels;
	size_t pixel_count; /* 0: every event source exists */
	bool strict_hash;
	bool quiet;
	bool tls;
	int stop_fd; /* an eventfd, readable once the sandbox stops */

	pthread_mutex_t lock;
	struct fault_list faults;
	struct token_list tokens;
	struct oauth oauth;
	struct ledger ledger;
	struct dedup seen, seen_test; /* test events are apart */
	struct stats stats;
	bool broken; /* the ledger cannot be written: main ends the sandbox */
};

/* Puts the request into the statistics and the ledger, once; false where the ledger
 * cannot be written. Takes the lock. */
bool sandbox_record(struct sandbox *s, struct exchange *x);

#endif
