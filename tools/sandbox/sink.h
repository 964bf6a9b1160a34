/* SPDX-License-Identifier: MIT
 * sink.h - for benchmarks: every request is answered with code 0, no body is looked at.
 *
 * Owns:    its sockets; the bodies never leave the kernel (MSG_TRUNC), which is why this
 *          is not a libmicrohttpd server.
 * Thread:  one; SIGTERM and SIGINT must be blocked.
 * Errors:  UNAVAILABLE the port is taken. A connection that sends what the sink does not
 *          understand (no Content-Length, long headers) is closed. */
#ifndef SANDBOX_SINK_H
#define SANDBOX_SINK_H

#include <stdint.h>

#include "base/err.h"

struct sink {
	int listen_fd, signal_fd, epoll_fd;
	uint64_t requests, bytes;
};

enum err_code sink_open(struct sink *s, uint16_t port, struct err *e) MUST_CHECK;
uint16_t sink_port(const struct sink *s);
/* Until SIGTERM or SIGINT. */
void sink_run(struct sink *s);
void sink_close(struct sink *s);

#endif
