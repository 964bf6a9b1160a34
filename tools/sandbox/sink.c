/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADERS_MAX 8192
#define SEND(fd, literal) send(fd, literal, sizeof(literal) - 1, MSG_NOSIGNAL)
#define ANSWER                                                                           \
	"{\"code\":0,\"message\":\"OK\",\"request_id\":"                                 \
	"\"2026010100000000000000000000000000\",\"data\":"                               \
	"{}}"

struct peer {
	int fd;
	size_t len;    /* of the headers held */
	uint64_t left; /* of the body */
	char headers[HEADERS_MAX + 1];
};

static enum err_code watch(struct sink *s, int fd, void *who, struct err *e)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};

	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return err_set(e, ERR_UNAVAILABLE, "epoll: %s", strerror(errno));
	return ERR_OK;
}

static enum err_code listen_on(struct sink *s, uint16_t port, struct err *e)
{
	struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1;

	setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->listen_fd, (struct sockaddr *)&loopback, sizeof(loopback)) != 0 ||
	    listen(s->listen_fd, 128) != 0)
		return err_set(e, ERR_UNAVAILABLE, "cannot listen on 127.0.0.1:%u: %s",
			       (unsigned)port, strerror(errno));
	return ERR_OK;
}

enum err_code sink_open(struct sink *s, uint16_t port, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	*s = (struct sink){
		.listen_fd =
			socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.signal_fd = signalfd(-1, &set, SFD_CLOEXEC),
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
	};
	if (s->listen_fd < 0 || s->signal_fd < 0 || s->epoll_fd < 0)
		err_set(e, ERR_UNAVAILABLE, "socket: %s", strerror(errno));
	else if (listen_on(s, port, e) == ERR_OK &&
		 watch(s, s->listen_fd, &s->listen_fd, e) == ERR_OK &&
		 watch(s, s->signal_fd, &s->signal_fd, e) == ERR_OK)
		return ERR_OK;
	sink_close(s);
	return e->code;
}

uint16_t sink_port(const struct sink *s)
{
	struct sockaddr_in bound = {0};
	socklen_t len = sizeof(bound);

	getsockname(s->listen_fd, (struct sockaddr *)&bound, &len);
	return ntohs(bound.sin_port);
}

static void accept_peer(struct sink *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct peer *p;
	struct err e;
	int on = 1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	p = calloc(1, sizeof(*p));
	if (!p)
		abort();
	p->fd = fd;
	if (watch(s, fd, p, &e)) {
		close(fd);
		free(p);
	}
}

static bool send_answer(struct sink *s, struct peer *p)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				   "Content-Length: 85\r\n\r\n" ANSWER;

	_Static_assert(sizeof(ANSWER) - 1 == 85, "Content-Length of the answer");
	s->requests++;
	return SEND(p->fd, head) == sizeof(head) - 1;
}

/* The headers are whole: how long is the body, and how much of it came with them? */
static bool begin_body(struct sink *s, struct peer *p, const char *end)
{
	const char *length = strcasestr(p->headers, "\r\nContent-Length:");
	const char *expect = strcasestr(p->headers, "\r\nExpect: 100-continue");
	uint64_t with = p->len - (size_t)(end - p->headers);

	if (!length || length > end)
		return false;
	p->left = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
	if (with > p->left) /* pipelined */
		return false;
	s->bytes += with;
	p->left -= with;
	p->len = 0;
	if (p->left == 0)
		return send_answer(s, p);
	return !expect || expect > end ||
	       SEND(p->fd, "HTTP/1.1 100 Continue\r\n\r\n") > 0;
}

static bool read_headers(struct sink *s, struct peer *p)
{
	ssize_t len = recv(p->fd, p->headers + p->len, HEADERS_MAX - p->len, 0);
	const char *end;

	if (len <= 0)
		return len < 0 && errno == EAGAIN;
	p->len += (size_t)len;
	p->headers[p->len] = '\0';
	end = memmem(p->headers, p->len, "\r\n\r\n", 4);
	if (!end)
		return p->len < HEADERS_MAX;
	return begin_body(s, p, end + 4);
}

static bool drop_body(struct sink *s, struct peer *p)
{
	ssize_t len = recv(p->fd, NULL, p->left, MSG_TRUNC);

	if (len <= 0)
		return len < 0 && errno == EAGAIN;
	s->bytes += (uint64_t)len;
	p->left -= (uint64_t)len;
	return p->left > 0 || send_answer(s, p);
}

void sink_run(struct sink *s)
{
	struct epoll_event events[64];

	for (;;) {
		int count = epoll_wait(s->epoll_fd, events, 64, -1);

		for (int i = 0; i < count; i++) {
			struct peer *p = events[i].data.ptr;

			if (events[i].data.ptr == &s->signal_fd)
				return;
			if (events[i].data.ptr == &s->listen_fd) {
				accept_peer(s);
			} else if (p->left ? !drop_body(s, p) : !read_headers(s, p)) {
				close(p->fd);
				free(p);
			}
		}
	}
}

void sink_close(struct sink *s)
{
	close(s->listen_fd);
	close(s->signal_fd);
	close(s->epoll_fd);
}
