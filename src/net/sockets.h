/* SPDX-License-Identifier: MIT
 * sockets.h - the connections that there are, and whether something came on one unasked.
 *
 * Owns:    the list; the sockets are libcurl's until it has them closed.
 * Thread:  the loop's.
 * Errors:  none; aborts where there is no memory. */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include <stdbool.h>

struct sockets {
	int *fds;
	int count;
};

void sockets_add(struct sockets *s, int fd);
/* As libcurl calls it, with the list. */
int sockets_close(void *sockets, int fd);
void sockets_fini(struct sockets *s);

/* Whether there is something to be read, an end among it, on a socket with this local port. */
bool sockets_have_input(const struct sockets *s, int local_port);

#endif
