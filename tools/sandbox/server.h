/* SPDX-License-Identifier: MIT
 * server.h - HTTP on a loopback port: bodies come in, answers go out, whole or not.
 *
 * Owns:    the listening socket and a thread for each connection.
 * Thread:  main starts and stops it; handlers run on the connections' threads, so that a
 *          slow answer is a thread that sleeps.
 * Errors:  UNAVAILABLE the port is taken; NOINPUT, DATA for certificate and key.
 * See:     sandbox.h, whose routes it calls. */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include <stdint.h>

#include "base/err.h"
#include "sandbox.h"

struct server;

/* cert and key: PEM files, or NULL for plain HTTP. port 0: a free one, see server_port. */
enum err_code server_open(struct sandbox *s, uint16_t port, const char *cert,
			  const char *key, struct server **out, struct err *e) MUST_CHECK;
uint16_t server_port(const struct server *server);
/* Ends every connection; s->stop_fd must be readable by then. */
void server_close(struct server *server);

#endif
