/* SPDX-License-Identifier: MIT
 * perform.h - one request on the spot, for who has no loop.
 *
 * Owns:    a loop of its own, while it waits.
 * Thread:  any.
 * Errors:  UNAVAILABLE curl lacks what is needed. How the request ended is in its answer.
 * See:     http.h. */
#ifndef NET_PERFORM_H
#define NET_PERFORM_H

#include "net/http.h"

/* Sends it and waits; `done` is set here. */
MUST_CHECK enum err_code perform(struct http_request *r,
				 const struct http_options *options, struct err *e);

#endif
