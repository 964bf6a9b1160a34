/* SPDX-License-Identifier: MIT */
#include "net/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void sockets_add(struct sockets *s, int fd)
{
	s->fds = realloc(s->fds, (size_t)(s->count + 1) * sizeof(*s->fds));
	if (!s->fds)
		abort();
	s->fds[s->count++] = fd;
}

int sockets_close(void *sockets, int fd)
{
	struct sockets *s = sockets;
	int i = 0;

	while (i < s->count && s->fds[i] != fd)
		i++;
	if (i < s->count)
		s->fds[i] = s->fds[--s->count];
	return close(fd);
}

void sockets_fini(struct sockets *s)
{
	free(s->fds);
	*s = (struct sockets){0};
}

static int port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = {.any.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(at);

	if (getsockname(fd, &at.any, &len) != 0)
		return -1;
	return at.any.sa_family == AF_INET6  ? ntohs(at.v6.sin6_port)
	       : at.any.sa_family == AF_INET ? ntohs(at.v4.sin_port)
					     : -1;
}

bool sockets_have_input(const struct sockets *s, int local_port)
{
	char byte;

	for (int i = 0; i < s->count; i++) {
		if (port_of(s->fds[i]) != local_port)
			continue;
		if (recv(s->fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
		    (errno != EAGAIN && errno != EWOULDBLOCK))
			return true;
	}
	return false;
}
