/* SPDX-License-Identifier: MIT */
#include "net/door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static bool port_of(const char *text, uint16_t *port)
{
	unsigned value = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 5)
		return false;
	for (; *text; text++) {
		if (!ascii_is_digit(*text))
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	*port = (uint16_t)value;
	return value <= UINT16_MAX;
}

/* Names are no literals: they may lead anywhere. */
static bool tcp_of(const char *text, struct door *d)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	uint16_t port;

	if (!colon || (size_t)(colon - text) >= sizeof(host) ||
	    !port_of(colon + 1, &port))
		return false;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	d->kind = DOOR_TCP;
	if (strcmp(host, "[::1]") == 0) {
		d->address.v6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6,
			.sin6_port = htons(port),
			.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		};
		return true;
	}
	d->address.v4 =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	return inet_pton(AF_INET, host, &d->address.v4.sin_addr) == 1 &&
	       ntohl(d->address.v4.sin_addr.s_addr) >> 24 == 127;
}

enum err_code door_at(const char *path, struct door *out, struct err *e)
{
	size_t len = strlen(path);

	if (len >= DOOR_PATH_MAX)
		return err_set(e, ERR_USAGE,
			       "the path of the admin socket has %zu bytes, and at most "
			       "%d are possible; name a shorter one with --admin",
			       len, DOOR_PATH_MAX - 1);
	*out = (struct door){.kind = DOOR_UNIX};
	memcpy(out->path, path, len + 1);
	return ERR_OK;
}

enum err_code door_parse(const char *text, struct door *out, struct err *e)
{
	struct door d = {.kind = DOOR_OFF};

	if (strchr(text, '/'))
		return door_at(text, out, e);
	if (strcmp(text, "off") != 0 && !tcp_of(text, &d))
		return err_set(e, ERR_USAGE,
			       "--admin takes 127.0.0.1:PORT, [::1]:PORT, the path of a "
			       "unix socket with a slash in it, or off; not '%.80s'",
			       text);
	*out = d;
	return ERR_OK;
}

static struct sockaddr_un name_of(const struct door *d)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	memcpy(name.sun_path, d->path, strlen(d->path) + 1);
	return name;
}

/* A socket of a relay that died is in the way; one that answers, or another file, stays. */
static enum err_code make_way(const struct door *d, struct err *e)
{
	struct sockaddr_un name = name_of(d);
	struct stat st;
	bool dead;
	int fd;

	if (lstat(d->path, &st) != 0)
		return ERR_OK;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CANTCREAT,
			       "'%s' is in the way of the admin socket; move it, or name "
			       "another with --admin",
			       d->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "socket: %s", strerror(errno));
	dead = connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0 &&
	       errno == ECONNREFUSED;
	close(fd);
	if (!dead)
		return err_set(e, ERR_UNAVAILABLE,
			       "another process listens on '%s'; name another with "
			       "--admin",
			       d->path);
	unlink(d->path);
	return ERR_OK;
}

static int bind_door(struct door *d, int fd)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(d->address);
	struct stat st;
	int yes = 1;

	if (d->kind == DOOR_TCP) {
		len = d->address.any.sa_family == AF_INET ? sizeof(d->address.v4)
							  : sizeof(d->address.v6);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		if (bind(fd, &d->address.any, len) != 0)
			return -1;
		return getsockname(fd, &d->address.any, &len);
	}
	name = name_of(d);
	/* Before the name is there: nobody finds it with another mode. */
	if (fchmod(fd, 0600) != 0 ||
	    bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0)
		return -1;
	if (lstat(d->path, &st) == 0) {
		d->dev = st.st_dev;
		d->ino = st.st_ino;
	}
	return 0;
}

enum err_code door_listen(struct door *d, int *out, struct err *e)
{
	int family = d->kind == DOOR_UNIX ? AF_UNIX : d->address.any.sa_family;
	char name[160];
	int fd;

	if (d->kind == DOOR_UNIX && make_way(d, e) != ERR_OK)
		return e->code;
	door_name(d, name);
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind_door(d, fd) != 0 || listen(fd, BACKLOG) != 0) {
		err_set(e, ERR_UNAVAILABLE, "the admin page cannot listen on %s: %s",
			name, strerror(errno));
		if (fd >= 0)
			close(fd);
		door_close(d);
		return e->code;
	}
	*out = fd;
	return ERR_OK;
}

void door_close(struct door *d)
{
	struct stat st;

	if (d->ino && lstat(d->path, &st) == 0 && st.st_dev == d->dev &&
	    st.st_ino == d->ino)
		unlink(d->path);
	d->ino = 0;
}

/* "127.0.0.1:9464" */
static void literal(const struct door *d, char out[64])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (d->address.any.sa_family == AF_INET6) {
		snprintf(out, 64, "[::1]:%u", ntohs(d->address.v6.sin6_port));
		return;
	}
	inet_ntop(AF_INET, &d->address.v4.sin_addr, host, sizeof(host));
	snprintf(out, 64, "%s:%u", host, ntohs(d->address.v4.sin_port));
}

void door_gate(const struct door *d, struct gate *g)
{
	const char *port;
	char host[64];

	g->tcp = d->kind == DOOR_TCP;
	g->host[0][0] = g->host[1][0] = '\0';
	if (!g->tcp)
		return;
	literal(d, host);
	port = strrchr(host, ':');
	if (strcmp(port, ":80") == 0) /* is never said */
		host[strlen(host) - 3] = '\0';
	snprintf(g->host[0], sizeof(g->host[0]), "%s", host);
	if (d->address.any.sa_family == AF_INET6 ||
	    d->address.v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK))
		snprintf(g->host[1], sizeof(g->host[1]), "localhost%s", port);
}

void door_name(const struct door *d, char out[160])
{
	char host[64];

	if (d->kind == DOOR_TCP) {
		literal(d, host);
		snprintf(out, 160, "http://%s/", host);
	} else {
		snprintf(out, 160, "%s", d->path);
	}
}
