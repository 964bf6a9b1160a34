/* SPDX-License-Identifier: MIT
 * reply.h - an answer of ours to a browser, with what every one of them says: nothing may be
 * kept, guessed, framed or loaded.
 *
 * Owns:    nothing; the response is the caller's, to be queued and destroyed.
 * Thread:  the daemon's.
 * Errors:  none; out of memory aborts. */
#ifndef NET_REPLY_H
#define NET_REPLY_H

#include "base/str.h"

/* What a page of ours without style and script is held to. */
#define REPLY_POLICY_BARE                                                                \
	"default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors "      \
	"'none'"

struct MHD_Response;

/* Copies the body. */
struct MHD_Response *reply_new(struct str body, const char *type, const char *policy);

#endif
