/* SPDX-License-Identifier: MIT */
#include "server.h"
#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "misbehave.h"

#define PEM_MAX ((size_t)1 << 20)
#define CONNECTION_MEMORY ((size_t)128 << 10)

struct server {
	struct sandbox *sandbox;
	struct MHD_Daemon *daemon;
	struct buf cert, key;
};

/* An answer that goes out in pieces: cut or byte by byte. */
struct pieces {
	struct buf bytes;
	enum fault_kind kind;
	int fd, stop_fd;
	int64_t ms;
};

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static const char *argument(const struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, name);
}

static struct exchange *begin(struct server *server, struct MHD_Connection *c,
			      const char *path, const char *method)
{
	struct exchange *x = exchange_new(method, path);
	const char *length = header(c, "Content-Length");
	const char *encoding = header(c, "Content-Encoding");

	x->route = route_find(method, path);
	x->connection = c;
	x->argument = argument;
	x->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	exchange_set_headers(x, header(c, "Access-Token"), header(c, "Content-Type"));
	x->encoded = encoding && strcasecmp(encoding, "identity") != 0;
	x->length = length ? strtoull(length, NULL, 10) : UINT64_MAX;
	if (x->length <= BODY_MAX)
		buf_reserve(&x->body, (size_t)x->length);
	if (!x->route || !x->route->is_track)
		return x;
	pthread_mutex_lock(&server->sandbox->lock);
	x->nth = ++server->sandbox->faults.requests;
	fault_pick(&server->sandbox->faults, FAULT_EARLY, x->nth, NULL, &x->fault);
	pthread_mutex_unlock(&server->sandbox->lock);
	return x;
}

static enum MHD_Result reset(struct server *server, struct exchange *x)
{
	sandbox_record(server->sandbox, x);
	misbehave_reset(x->fd);
	return MHD_NO;
}

static enum MHD_Result receive(struct server *server, struct exchange *x,
			       const char *bytes, size_t len)
{
	x->received += len;
	if (x->received <= BODY_MAX)
		buf_add(&x->body, bytes, len);
	if (x->fault.kind == FAULT_RESET_WITHIN &&
	    (x->length == UINT64_MAX || x->received >= x->length / 2))
		return reset(server, x);
	return MHD_YES;
}

static ssize_t next_piece(void *arg, uint64_t at, char *to, size_t room)
{
	struct pieces *p = arg;
	size_t len = p->bytes.len - (size_t)at;

	if (p->kind == FAULT_TRICKLE) {
		if (!misbehave_wait(p->fd, p->stop_fd, p->ms))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		len = 1;
	} else {
		if (at >= p->bytes.len / 2) {
			misbehave_reset(p->fd);
			return MHD_CONTENT_READER_END_WITH_ERROR;
		}
		len = p->bytes.len / 2 - (size_t)at;
	}
	len = len < room ? len : room;
	memcpy(to, p->bytes.p + at, len);
	return (ssize_t)len;
}

static void free_pieces(void *arg)
{
	struct pieces *p = arg;

	buf_fini(&p->bytes);
	free(p);
}

static struct MHD_Response *make_pieces(struct server *server, struct exchange *x)
{
	struct pieces *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	*p = (struct pieces){x->answer, x->fault.kind, x->fd, server->sandbox->stop_fd,
			     x->fault.ms};
	buf_init(&x->answer, 0);
	return MHD_create_response_from_callback(p->bytes.len, 1024, next_piece, p,
						 free_pieces);
}

static struct MHD_Response *make_response(struct server *server, struct exchange *x)
{
	struct MHD_Response *response;

	if (x->fault.kind == FAULT_CUT_ANSWER || x->fault.kind == FAULT_TRICKLE) {
		response = make_pieces(server, x);
	} else {
		response = MHD_create_response_from_buffer(x->answer.len, x->answer.p,
							   MHD_RESPMEM_MUST_FREE);
		buf_init(&x->answer, 0);
	}
	if (!response)
		abort();
	MHD_add_response_header(response, "Content-Type", x->answer_type);
	if (x->location.len)
		MHD_add_response_header(response, "Location", buf_z(&x->location));
	if (x->fault.kind == FAULT_GZIP_BOMB)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (*x->fault.name && x->fault.retry_after_s >= 0) {
		char seconds[16];

		snprintf(seconds, sizeof(seconds), "%d", x->fault.retry_after_s);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	return response;
}

static enum MHD_Result send_answer(struct server *server, struct MHD_Connection *c,
				   struct exchange *x)
{
	int stop_fd = server->sandbox->stop_fd;
	struct MHD_Response *response;
	enum MHD_Result queued;

	if (x->fault.kind == FAULT_HANG)
		misbehave_wait(x->fd, stop_fd, -1);
	if (x->fault.kind == FAULT_ENDLESS_HEADERS ||
	    x->fault.kind == FAULT_INFORMATIONAL)
		misbehave_flood(x, stop_fd);
	if (misbehave_is_silent(x)) {
		misbehave_reset(x->fd);
		return MHD_NO;
	}
	if (x->fault.kind == FAULT_SLOW && !misbehave_wait(x->fd, stop_fd, x->fault.ms))
		return MHD_NO;
	response = make_response(server, x);
	queued = MHD_queue_response(c, (unsigned)x->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result answer(struct server *server, struct MHD_Connection *c,
			      struct exchange *x)
{
	if (!x->route)
		exchange_answer_text(x, 404, "text/plain", "404 page not found");
	else if (x->received > BODY_MAX && !x->route->is_track)
		exchange_answer(x, 413, 40002, "body: More than 64 MiB");
	else
		x->route->answer(server->sandbox, x);
	if ((!x->route || x->route->is_track) && !sandbox_record(server->sandbox, x)) {
		misbehave_reset(x->fd); /* no answer that the ledger does not know */
		return MHD_NO;
	}
	return send_answer(server, c, x);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version,
				  const char *upload, size_t *upload_len, void **context)
{
	struct server *server = arg;
	struct exchange *x = *context;

	(void)version;
	if (!x) {
		*context = x = begin(server, c, path, method);
		return x->fault.kind == FAULT_RESET_BEFORE ? reset(server, x) : MHD_YES;
	}
	if (*upload_len > 0) {
		size_t len = *upload_len;

		*upload_len = 0;
		return receive(server, x, upload, len);
	}
	return answer(server, c, x);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **context,
			 enum MHD_RequestTerminationCode why)
{
	struct server *server = arg;
	struct exchange *x = *context;

	(void)c;
	(void)why;
	if (x && !x->recorded && (!x->route || x->route->is_track)) {
		/* Nobody answered it: the client left before its body was whole. */
		snprintf(x->fault.name, sizeof(x->fault.name), "client_cut");
		sandbox_record(server->sandbox, x);
	}
	exchange_free(x);
	*context = NULL;
}

static enum err_code read_file(const char *path, struct buf *b, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char block[4096];
	ssize_t len;

	if (fd < 0)
		return err_set(e, ERR_NOINPUT, "open '%s': %s", path, strerror(errno));
	buf_init(b, PEM_MAX);
	while ((len = read(fd, block, sizeof(block))) > 0)
		buf_add(b, block, (size_t)len);
	close(fd);
	if (len < 0)
		return err_set(e, ERR_IO, "read '%s': %s", path, strerror(errno));
	if (b->len == 0 || b->full)
		return err_set(e, ERR_DATA, "'%s' is empty or too long", path);
	return ERR_OK;
}

static enum err_code start(struct server *server, uint16_t port, struct err *e)
{
	struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_USE_POLL | (server->sandbox->tls ? MHD_USE_TLS : 0U);
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0,
		 server->sandbox->tls ? (void *)buf_z(&server->cert) : NULL},
		{MHD_OPTION_HTTPS_MEM_KEY, 0,
		 server->sandbox->tls ? (void *)buf_z(&server->key) : NULL},
		{MHD_OPTION_END, 0, NULL},
	};

	server->daemon = MHD_start_daemon(
		flags, port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR,
		&loopback, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_ARRAY,
		server->sandbox->tls ? tls : tls + 2, MHD_OPTION_END);
	if (!server->daemon)
		return err_set(e, ERR_UNAVAILABLE, "cannot listen on 127.0.0.1:%u: %s",
			       (unsigned)port,
			       server->sandbox->tls
				       ? "the port is taken, or certificate and key do "
					 "not fit"
				       : strerror(errno));
	return ERR_OK;
}

enum err_code server_open(struct sandbox *s, uint16_t port, const char *cert,
			  const char *key, struct server **out, struct err *e)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		abort();
	server->sandbox = s;
	s->tls = cert != NULL;
	if ((cert && read_file(cert, &server->cert, e)) ||
	    (key && read_file(key, &server->key, e)) || start(server, port, e)) {
		server_close(server);
		return e->code;
	}
	*out = server;
	return ERR_OK;
}

uint16_t server_port(const struct server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void server_close(struct server *server)
{
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	buf_fini(&server->cert);
	buf_fini(&server->key);
	free(server);
}
