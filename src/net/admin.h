/* SPDX-License-Identifier: MIT
 * admin.h - the admin listener: requests of people and of a monitoring, one a connection, on
 * the caller's loop; nothing in it blocks.
 *
 * Whatever is too long, too slow or not allowed is answered here; the rest is served by the
 * caller, at once or later. Connections, memory and time have limits; who exceeds them is
 * hung up on, and the relay does not notice.
 *
 * Owns:    the socket, handles and connections, from admin_open to admin_close. An exchange is
 *          the caller's from `serve` to admin_answer.
 * Thread:  the loop's.
 * Errors:  those of door.h; UNAVAILABLE.
 * See:     house rules of libmicrohttpd on a loop: src/net/README.md. */
#ifndef NET_ADMIN_H
#define NET_ADMIN_H

#include <uv.h>

#include "net/ask.h"
#include "net/door.h"

#define ADMIN_CONNECTIONS 32
#define ADMIN_SECONDS 10 /* for a request to come, and for its answer to be taken */

struct admin;

/* One request, and where its answer goes. */
struct admin_exchange {
	struct ask ask;
	/* admin.c's own */
	struct admin *admin;
	struct MHD_Connection *connection;
	struct MHD_Response *response;
	unsigned status;
	bool begun, serving, suspended;
	int refused;       /* a status, sent when the body has come */
	uint64_t received; /* bytes of the body */
};

/* Every exchange is answered exactly once, here or later, on the loop's thread. */
typedef void admin_fn(void *arg, struct admin_exchange *x);

struct admin_options {
	const struct ask_route *routes;
	const char *token; /* GATE_TOKEN_LEN characters */
	const char *sign_in_policy;
	admin_fn *serve;
	/* The page that asks for the token, where a browser comes without; `wrong`: it came
	 * with another. */
	void (*sign_in)(void *arg, bool wrong, struct buf *out);
	void *arg;
};

/* `door` stays the caller's; with its port, once this has returned. */
MUST_CHECK enum err_code admin_open(uv_loop_t *loop, struct door *door,
				    const struct admin_options *options,
				    struct admin **out, struct err *e);

void admin_answer(struct admin_exchange *x, int status, const char *type,
		  const char *policy, struct str body);

/* Every exchange has been answered. Answers that can go out at once do. */
void admin_close(struct admin *a, void (*closed)(void *arg), void *arg);

#endif
