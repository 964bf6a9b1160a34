/* SPDX-License-Identifier: MIT */
#include "net/callback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/html.h"
#include "net/reply.h"

enum {
	CONNECTIONS = 16,
	CONNECTION_MEMORY = 16 * 1024,
	CONNECTION_SECONDS = 20,
	LINGER_MS = 2000, /* for the last page to be taken */
};

struct callback {
	struct MHD_Daemon *daemon;
	uint16_t port;
	struct authorization *authorization;
	callback_given_fn *given;
	void *arg;
	struct err err; /* how it ended */
	bool ended;     /* the answer has come */
	int open;       /* requests being answered */
};

static struct MHD_Response *page(const char *title, struct str text)
{
	struct MHD_Response *response;
	struct buf html;

	buf_init(&html, 16 * 1024);
	buf_addf(&html,
		 "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
		 "<title>convey: %s</title><h1>%s</h1><p>",
		 title, title);
	html_add(&html, text);
	buf_adds(&html, STR("</p></html>\n"));
	response =
		reply_new(buf_str(&html), "text/html; charset=utf-8", REPLY_POLICY_BARE);
	buf_fini(&html);
	return response;
}

static enum MHD_Result send_page(struct MHD_Connection *c, unsigned status,
				 const char *title, struct str text)
{
	struct MHD_Response *response = page(title, text);
	enum MHD_Result queued = MHD_queue_response(c, status, response);

	MHD_destroy_response(response);
	return queued;
}

static struct str argument(struct MHD_Connection *c, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(c, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, &len) != MHD_YES)
		return STR_NONE;
	return str_make(value, value ? len : 0);
}

/* A page of the web that points a name of its own here sends that name. */
static bool host_is_ours(const struct callback *c, struct MHD_Connection *connection)
{
	struct str host = str_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							     MHD_HTTP_HEADER_HOST));
	char ours[32];

	snprintf(ours, sizeof(ours), "127.0.0.1:%u", (unsigned)c->port);
	if (str_eq(host, str_of(ours)))
		return true;
	snprintf(ours, sizeof(ours), "localhost:%u", (unsigned)c->port);
	return str_ieq(host, str_of(ours));
}

static enum MHD_Result take_code(struct callback *c, struct MHD_Connection *connection,
				 struct str text)
{
	enum MHD_Result queued;
	struct secret code;
	struct buf said;

	c->ended = true;
	buf_init(&said, 1024);
	if (text.len > sizeof(code.bytes)) {
		err_set(&c->err, ERR_DATA, "the code is too long");
	} else {
		memcpy(code.bytes, text.p, text.len);
		code.len = text.len;
		c->err.code = c->given(c->arg, &code, &said, &c->err);
		secret_fini(&code);
	}
	if (c->err.code == ERR_OK)
		queued = send_page(connection, 200, "Done", buf_str(&said));
	else
		queued = send_page(connection, 502, "Not connected", str_of(c->err.msg));
	buf_fini(&said);
	return queued;
}

static enum MHD_Result answer(struct callback *c, struct MHD_Connection *connection)
{
	struct str code = argument(connection, "auth_code");
	struct str error = argument(connection, "error");

	if (code.len == 0)
		code = argument(connection, "code");
	switch (authorization_judge(c->authorization, argument(connection, "state"), code,
				    error, clock_mono_ms())) {
	case AUTHORIZATION_GIVEN: return take_code(c, connection, code);
	case AUTHORIZATION_DENIED:
		c->ended = true;
		err_set(&c->err, ERR_PERM, "access was denied in the browser");
		return send_page(connection, 200, "Not connected",
				 STR("Access was denied. Nothing was stored."));
	case AUTHORIZATION_EMPTY:
		return send_page(
			connection, 400, "No code",
			STR("The answer holds no code. convey goes on waiting."));
	case AUTHORIZATION_FOREIGN:
	case AUTHORIZATION_LATE: break;
	}
	return send_page(connection, 400, "Not the answer",
			 STR("This is not the answer that convey waits for: its state is "
			     "wrong or was used before. Open the printed address."));
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
				  const char *path, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_len, void **context)
{
	struct callback *c = arg;

	(void)version;
	(void)upload;
	if (!*context) {
		*context = c;
		c->open++;
		return MHD_YES;
	}
	if (*upload_len > 0) {
		*upload_len = 0; /* a body says nothing here */
		return MHD_YES;
	}
	if (!host_is_ours(c, connection))
		return send_page(connection, 421, "Wrong host",
				 STR("This listener answers to 127.0.0.1 only."));
	if (strcmp(path, AUTHORIZATION_PATH) != 0)
		return send_page(connection, 404, "Not here",
				 STR("There is no such page."));
	if (strcmp(method, "GET") != 0)
		return send_page(connection, 405, "Not so", STR("Only GET is answered."));
	return answer(c, connection);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode why)
{
	struct callback *c = arg;

	(void)connection;
	(void)why;
	if (*context)
		c->open--;
	*context = NULL;
}

enum err_code callback_open(uint16_t port, struct callback **out, struct err *e)
{
	struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct callback *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	errno = 0;
	c->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, port, NULL, NULL, on_request, c, MHD_OPTION_SOCK_ADDR,
		&loopback, MHD_OPTION_NOTIFY_COMPLETED, on_completed, c,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_END);
	if (!c->daemon) {
		free(c);
		return err_set(e, ERR_UNAVAILABLE,
			       "cannot listen on 127.0.0.1:%u (%s); choose another with "
			       "--port, which the app must have as a redirect URL too",
			       (unsigned)port, strerror(errno));
	}
	c->port = MHD_get_daemon_info(c->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	*out = c;
	return ERR_OK;
}

uint16_t callback_port(const struct callback *c)
{
	return c->port;
}

/* One turn; at most until `until_ms`. */
static void turn(struct callback *c, uint64_t until_ms)
{
	struct pollfd fd = {.events = POLLIN};
	uint64_t now = clock_mono_ms();
	uint64_t wait = until_ms > now ? until_ms - now : 0;

	if (wait > 1000)
		wait = 1000; /* idle connections end by their own time */
	fd.fd = MHD_get_daemon_info(c->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	poll(&fd, 1, (int)wait);
	MHD_run(c->daemon);
}

enum err_code callback_wait(struct callback *c, struct authorization *a,
			    callback_given_fn *given, void *arg, struct err *e)
{
	uint64_t linger;

	c->authorization = a;
	c->given = given;
	c->arg = arg;
	while (!c->ended && clock_mono_ms() < a->until_ms)
		turn(c, a->until_ms);
	if (!c->ended)
		return err_set(e, ERR_BUSY,
			       "nobody answered within ten minutes; run it again");
	linger = clock_mono_ms() + LINGER_MS;
	while (c->open > 0 && clock_mono_ms() < linger)
		turn(c, linger);
	*e = c->err;
	return e->code;
}

void callback_close(struct callback *c)
{
	if (!c)
		return;
	MHD_stop_daemon(c->daemon);
	free(c);
}
