/* SPDX-License-Identifier: MIT
 * guard.h - what the verbs have in common that hold secrets or talk to TikTok.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  CONFIG an endpoint that may not be, too few files; NOINPUT, DATA a secret that cannot be read. */
#ifndef CMD_GUARD_H
#define CMD_GUARD_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "core/secret.h"
#include "store/lock.h"

#define ENDPOINT_MAX LOCK_ENDPOINT_MAX
#define TIKTOK_ENDPOINT "https://business-api.tiktok.com"

/* No core, no debugger, nothing in /proc for others: before the first secret is read. */
void guard_process(void);

/* CONFIG where fewer files may be open than the relay needs at its busiest: it would work,
 * and then fail where it hurts. */
MUST_CHECK enum err_code guard_files(struct err *e);

/* CONVEY_ENDPOINT, or TikTok's; without a slash at its end. */
MUST_CHECK enum err_code guard_endpoint(char out[ENDPOINT_MAX], struct err *e);

/* Printable, without blanks; white space around it is left out. `what` is for the message. */
MUST_CHECK enum err_code guard_secret(struct str text, const char *what,
				      struct secret *out, struct err *e);

/* The content of a file. */
MUST_CHECK enum err_code guard_secret_file(const char *path, const char *what,
					   struct secret *out, struct err *e);

#endif
