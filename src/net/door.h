/* SPDX-License-Identifier: MIT
 * door.h - where the admin listener is: a unix socket of its owner's, or a port of the
 * loopback.
 *
 * Owns:    the socket's name in the file system, from door_listen to door_close; the descriptor
 *          is the caller's.
 * Thread:  any.
 * Errors:  USAGE an address that may not be; UNAVAILABLE it is taken; CANTCREAT. */
#ifndef NET_DOOR_H
#define NET_DOOR_H

#include <netinet/in.h>
#include <sys/stat.h>

#include "base/err.h"
#include "net/gate.h"

#define DOOR_PATH_MAX 108 /* what a unix socket's name can be, with its NUL */

enum door_kind { DOOR_OFF, DOOR_UNIX, DOOR_TCP };

struct door {
	enum door_kind kind;
	char path[DOOR_PATH_MAX];
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	dev_t dev; /* of the socket file that is ours */
	ino_t ino;
};

/* "off", a path with a slash in it, "127.0.0.1:PORT" or "[::1]:PORT" (PORT 0: a free one). */
MUST_CHECK enum err_code door_parse(const char *text, struct door *out, struct err *e);

/* A unix socket at this path. */
MUST_CHECK enum err_code door_at(const char *path, struct door *out, struct err *e);

/* Removes a socket that nobody listens on any more; fills in the port. */
MUST_CHECK enum err_code door_listen(struct door *d, int *fd, struct err *e);
void door_close(struct door *d);

/* What Host may be. */
void door_gate(const struct door *d, struct gate *g);

/* "http://127.0.0.1:9464/", or the path. */
void door_name(const struct door *d, char out[160]);

#endif
