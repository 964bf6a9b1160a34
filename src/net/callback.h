/* SPDX-License-Identifier: MIT
 * callback.h - a listener on 127.0.0.1 for the browser's way back from TikTok.
 *
 * Only GET /callback with our own Host counts; everything else gets an error page and the
 * waiting goes on.
 *
 * Owns:    the socket, from callback_open to callback_close.
 * Thread:  one; callback_wait serves the connections itself.
 * Errors:  UNAVAILABLE the port is taken; PERM the person said no; BUSY nobody answered in
 *          time; else what `given` returned.
 * See:     authorization.h, which tells whose answer it is. */
#ifndef NET_CALLBACK_H
#define NET_CALLBACK_H

#include "net/authorization.h"

struct callback;

/* The code is there: exchanges it. `said` is for the page, plain text. */
typedef enum err_code callback_given_fn(void *arg, const struct secret *code,
					struct buf *said, struct err *e);

/* port 0: a free one. */
MUST_CHECK enum err_code callback_open(uint16_t port, struct callback **out,
				       struct err *e);
uint16_t callback_port(const struct callback *c);

/* Serves until the answer has come and its page has gone out, or the time is over. */
MUST_CHECK enum err_code callback_wait(struct callback *c, struct authorization *a,
				       callback_given_fn *given, void *arg,
				       struct err *e);
void callback_close(struct callback *c);

#endif
