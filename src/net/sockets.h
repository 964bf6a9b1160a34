/* SPDX-License-Identifier: MIT
 * sockets.h - the connections that there are, and whether something came on one unasked, or a
 * second time.
 *
 * Owns:    the list; the sockets are libcurl's until it has them closed.
 * Thread:  the loop's.
 * Errors:  none; aborts where there is no memory. */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/answer.h"

struct sockets {
	struct socket_heard {
		int fd;
		char request_id[65]; /* of the last success */
	} * list;
	int count;
	char last_id[65]; /* on any of them */
	bool vary;        /* each answer has a request_id of its own */
};

void sockets_add(struct sockets *s, int fd);
/* As libcurl calls it, with the list. */
int sockets_close(void *sockets, int fd);
void sockets_fini(struct sockets *s);

/* Whether there is something to be read, an end among it, on a socket with this local port. */
bool sockets_have_input(const struct sockets *s, int local_port);

/* A success that came on this socket for the request before: it is LOST then, and the socket is
 * not to be used again. Never so where a server has the same request_id for all. */
bool sockets_repeat(struct sockets *s, int fd, struct answer *a);

/* Whether this process can hardly open another descriptor, as a connection, the resolver and the
 * file of authorities need: libcurl tells it as theirs. `why` is it in words then. */
bool sockets_exhausted(char *why, size_t cap);

#endif
