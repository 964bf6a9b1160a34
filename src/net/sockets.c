/* SPDX-License-Identifier: MIT */
#include "net/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void sockets_add(struct sockets *s, int fd)
{
	s->list = realloc(s->list, (size_t)(s->count + 1) * sizeof(*s->list));
	if (!s->list)
		abort();
	s->list[s->count++] = (struct socket_heard){.fd = fd};
}

static int find(const struct sockets *s, int fd)
{
	int i = 0;

	while (i < s->count && s->list[i].fd != fd)
		i++;
	return i;
}

int sockets_close(void *sockets, int fd)
{
	struct sockets *s = sockets;
	int i = find(s, fd);

	if (i < s->count)
		s->list[i] = s->list[--s->count];
	return close(fd);
}

void sockets_fini(struct sockets *s)
{
	free(s->list);
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
		if (port_of(s->list[i].fd) != local_port)
			continue;
		if (recv(s->list[i].fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
		    (errno != EAGAIN && errno != EWOULDBLOCK))
			return true;
	}
	return false;
}

/* The same as the last one, on a connection that has brought nothing yet: that is no answer of
 * before, but a server that says it always. */
static void learn(struct sockets *s, const struct socket_heard *heard, const char *id)
{
	bool same = strcmp(s->last_id, id) == 0;

	if (same && !heard->request_id[0])
		s->vary = false;
	else if (!same && s->last_id[0])
		s->vary = true;
	snprintf(s->last_id, sizeof(s->last_id), "%s", id);
}

bool sockets_repeat(struct sockets *s, int fd, struct answer *a)
{
	int i = find(s, fd);
	struct socket_heard *heard;

	if (i == s->count || !a->has_code || a->code != 0 || !a->request_id[0])
		return false;
	heard = &s->list[i];
	learn(s, heard, a->request_id);
	if (!s->vary || strcmp(heard->request_id, a->request_id) != 0) {
		memcpy(heard->request_id, a->request_id, sizeof(heard->request_id));
		return false;
	}
	shutdown(fd, SHUT_RDWR);
	a->transport = TRANSPORT_LOST;
	a->has_code = false;
	a->message[0] = '\0';
	return true;
}

/* What failed has given some back by now. */
bool sockets_exhausted(char *why, size_t cap)
{
	int fds[4], count = 0, error = 0;

	while (!error && count < (int)(sizeof(fds) / sizeof(fds[0]))) {
		fds[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fds[count] < 0)
			error = errno;
		else
			count++;
	}
	while (count > 0)
		close(fds[--count]);
	if (error != EMFILE && error != ENFILE)
		return false;
	snprintf(why, cap,
		 "%s: there is none left for a connection; raise the limit (ulimit -n, "
		 "LimitNOFILE=)",
		 strerror(error));
	return true;
}
