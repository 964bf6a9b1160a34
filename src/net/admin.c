/* SPDX-License-Identifier: MIT */
#include "net/admin.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/reply.h"

enum {
	CONNECTION_MEMORY = 32 * 1024,
	BODY_MAX = 1024 * 1024, /* of what is refused; then it is hung up on */
	REST_MS = 100, /* before a listener that cannot accept is looked at again */
	LAST_TURNS = 4,
	SIGN_IN_MAX = 64 * 1024,
};

/* A connection carries one request, and has an end however slowly it comes or is read. */
struct guest {
	int fd;
	uint64_t until_ms; /* monotonic; UINT64_MAX: the answer is being made */
	struct guest *next;
};

struct admin {
	uv_loop_t *loop;
	uv_poll_t poll;
	uv_timer_t timer;
	struct MHD_Daemon *daemon;
	struct door *door;
	struct gate gate;
	struct admin_options options;
	struct guest *guests;
	unsigned welcomed, gone; /* connections so far */
	bool running;            /* inside MHD_run */
	bool resting;            /* the poll is stopped for a moment */
	int to_close;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void set_timer(struct admin *a, uint64_t guest, uint64_t now);
static void pump(struct admin *a);

static struct guest *guest_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static void give_time(struct guest *g)
{
	g->until_ms = clock_mono_ms() + ADMIN_SECONDS * 1000;
}

static void welcome(struct admin *a, struct MHD_Connection *c, void **context)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	g->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	g->next = a->guests;
	a->guests = g;
	a->welcomed++;
	give_time(g);
	*context = g;
}

static void on_connection(void *arg, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct admin *a = arg;
	struct guest **at = &a->guests;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		welcome(a, c, context);
		return;
	}
	while (*at != *context)
		at = &(*at)->next;
	*at = (*at)->next;
	a->gone++;
	free(*context);
}

/* Hangs up on who has had its time; MHD notices at its next turn. */
static uint64_t show_out(struct admin *a, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (struct guest *g = a->guests; g; g = g->next) {
		if (g->until_ms <= now) {
			shutdown(g->fd, SHUT_RDWR);
			g->until_ms = now + ADMIN_SECONDS * 1000;
		}
		if (g->until_ms < next)
			next = g->until_ms;
	}
	return next;
}

static void *on_target(void *arg, const char *target, struct MHD_Connection *c)
{
	struct admin_exchange *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	x->admin = arg;
	x->connection = c;
	ask_init(&x->ask, STR_NONE, str_of(target));
	return x;
}

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name,
				 size_t name_len, const char *value, size_t value_len)
{
	struct admin_exchange *x = arg;

	(void)kind;
	ask_header(&x->ask, str_make(name, name_len), str_make(value, value_len));
	return MHD_YES;
}

static enum MHD_Result queue(struct admin_exchange *x)
{
	enum MHD_Result queued =
		MHD_queue_response(x->connection, x->status, x->response);

	MHD_destroy_response(x->response);
	x->response = NULL;
	give_time(guest_of(x->connection));
	return queued;
}

static void set_answer(struct admin_exchange *x, int status, const char *type,
		       const char *policy, struct str body)
{
	assert(!x->response);
	x->status = (unsigned)status;
	x->response = reply_new(body, type, policy);
	if (status == 401)
		MHD_add_response_header(x->response, "WWW-Authenticate",
					"Bearer realm=\"convey\"");
	if (status == 405)
		MHD_add_response_header(
			x->response, "Allow",
			gate_methods(x->ask.route ? x->ask.route->kind : GATE_PAGE));
}

static bool wants_html(const struct admin_exchange *x)
{
	return x->ask.html && x->ask.route &&
	       (x->ask.route->kind == GATE_PAGE || x->ask.route->kind == GATE_CHANGE);
}

static void refuse(struct admin_exchange *x, int status)
{
	const struct admin_options *o = &x->admin->options;
	struct buf text;

	buf_init(&text, SIGN_IN_MAX);
	if (status == 401 && wants_html(x)) {
		o->sign_in(o->arg, x->ask.headers.form_token.len > 0, &text);
		set_answer(x, status, "text/html; charset=utf-8", o->sign_in_policy,
			   buf_str(&text));
	} else {
		buf_addf(&text, "%s\n", x->ask.words);
		set_answer(x, status, "text/plain; charset=utf-8", REPLY_POLICY_BARE,
			   buf_str(&text));
	}
	buf_fini(&text);
}

/* The caller answers now, or the connection waits for it. */
static enum MHD_Result serve(struct admin_exchange *x)
{
	const struct admin_options *o = &x->admin->options;

	x->serving = true;
	o->serve(o->arg, x);
	x->serving = false;
	if (x->response)
		return queue(x);
	guest_of(x->connection)->until_ms = UINT64_MAX;
	x->suspended = true;
	MHD_suspend_connection(x->connection);
	return MHD_YES;
}

static void begin(struct admin_exchange *x, const char *method)
{
	x->begun = true;
	x->ask.headers.method = str_of(method);
	MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, on_header, x);
	x->refused = ask_begin(&x->ask, &x->admin->gate, x->admin->options.routes);
}

/* What is refused is read all the same, within reason: an answer that crosses a body on its
 * way gets lost. */
static enum MHD_Result take_body(struct admin_exchange *x, struct str bytes)
{
	x->received += bytes.len;
	if (!x->refused)
		x->refused = ask_body(&x->ask, bytes);
	return x->received <= BODY_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version,
				  const char *upload, size_t *upload_len, void **context)
{
	struct admin_exchange *x = *context;
	struct str bytes = str_make(upload, *upload_len);

	(void)arg;
	(void)c;
	(void)path;
	(void)version;
	*upload_len = 0;
	if (!x->begun) {
		begin(x, method);
		return MHD_YES;
	}
	if (bytes.len > 0)
		return take_body(x, bytes);
	if (x->response)
		return queue(x);
	if (!x->refused)
		x->refused = ask_end(&x->ask, &x->admin->gate);
	if (!x->refused)
		return serve(x);
	refuse(x, x->refused);
	return queue(x);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **context,
			 enum MHD_RequestTerminationCode why)
{
	struct admin_exchange *x = *context;

	(void)arg;
	(void)c;
	(void)why;
	if (!x)
		return;
	if (x->response)
		MHD_destroy_response(x->response);
	ask_fini(&x->ask);
	free(x);
	*context = NULL;
}

void admin_answer(struct admin_exchange *x, int status, const char *type,
		  const char *policy, struct str body)
{
	struct admin *a = x->admin;

	set_answer(x, status, type, policy, body);
	if (x->serving)
		return;
	assert(x->suspended);
	x->suspended = false;
	give_time(guest_of(x->connection));
	MHD_resume_connection(x->connection);
	pump(a);
}

/* With nobody inside only the listener wakes us. Where nobody comes in all the same,
 * descriptors are short, and to look again at once would only burn the processor. An error of
 * the poll is the daemon's to find. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct admin *a = uv_handle_get_data((uv_handle_t *)poll);
	unsigned before = a->welcomed;
	bool empty = a->guests == NULL;

	(void)status;
	(void)events;
	pump(a);
	if (!empty || a->welcomed != before)
		return;
	a->resting = true;
	uv_poll_stop(&a->poll);
	set_timer(a, UINT64_MAX, clock_mono_ms());
}

static void on_timer(uv_timer_t *timer)
{
	struct admin *a = uv_handle_get_data((uv_handle_t *)timer);

	if (a->resting)
		uv_poll_start(&a->poll, UV_READABLE, on_ready);
	a->resting = false;
	pump(a);
}

/* The earliest of: a guest's end, what the daemon asks for, the end of a rest. */
static void set_timer(struct admin *a, uint64_t guest, uint64_t now)
{
	uint64_t next = guest;
	MHD_UNSIGNED_LONG_LONG wait;

	if (a->resting && now + REST_MS < next)
		next = now + REST_MS;
	if (MHD_get_timeout(a->daemon, &wait) == MHD_YES && now + wait < next)
		next = now + wait;
	if (next == UINT64_MAX) {
		uv_timer_stop(&a->timer);
		return;
	}
	uv_update_time(a->loop);
	uv_timer_start(&a->timer, on_timer, next > now ? next - now : 1, 0);
}

/* A full house listens again only at the turn behind the one in which somebody left. */
static void pump(struct admin *a)
{
	unsigned gone;
	uint64_t now;

	if (a->running || a->closed)
		return;
	a->running = true;
	do {
		gone = a->gone;
		MHD_run(a->daemon);
	} while (a->gone != gone);
	a->running = false;
	now = clock_mono_ms();
	set_timer(a, show_out(a, now), now);
}

static enum err_code start_daemon(struct admin *a, int fd, struct err *e)
{
	errno = 0;
	a->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, a,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_target, a,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, a,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, a,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)ADMIN_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ADMIN_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_END);
	if (a->daemon)
		return ERR_OK;
	return err_set(e, ERR_UNAVAILABLE, "the admin page cannot be served: %s",
		       strerror(errno));
}

enum err_code admin_open(uv_loop_t *loop, struct door *door,
			 const struct admin_options *options, struct admin **out,
			 struct err *e)
{
	struct admin *a = calloc(1, sizeof(*a));
	int fd, epoll;

	if (!a)
		abort();
	*a = (struct admin){.loop = loop, .door = door, .options = *options};
	if (door_listen(door, &fd, e) != ERR_OK)
		goto free_admin;
	door_gate(door, &a->gate);
	memcpy(a->gate.token, options->token, GATE_TOKEN_LEN);
	if (start_daemon(a, fd, e) != ERR_OK)
		goto close_door;
	epoll = MHD_get_daemon_info(a->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	if (uv_poll_init(loop, &a->poll, epoll) != 0) {
		err_set(e, ERR_UNAVAILABLE, "the admin page cannot be polled");
		goto stop_daemon;
	}
	uv_timer_init(loop, &a->timer);
	uv_handle_set_data((uv_handle_t *)&a->poll, a);
	uv_handle_set_data((uv_handle_t *)&a->timer, a);
	uv_poll_start(&a->poll, UV_READABLE, on_ready);
	pump(a);
	*out = a;
	return ERR_OK;

stop_daemon:
	MHD_stop_daemon(a->daemon); /* closes the socket */
	fd = -1;
close_door:
	if (fd >= 0)
		close(fd);
	door_close(door);
free_admin:
	free(a);
	return e->code;
}

static void on_closed(uv_handle_t *handle)
{
	struct admin *a = uv_handle_get_data(handle);

	if (--a->to_close > 0)
		return;
	MHD_stop_daemon(a->daemon);
	door_close(a->door);
	OPENSSL_cleanse(&a->gate, sizeof(a->gate));
	a->closed(a->closed_arg);
	free(a);
}

/* The daemon owns the descriptor that is polled: handles first. */
void admin_close(struct admin *a, void (*closed)(void *arg), void *arg)
{
	a->closed = closed;
	a->closed_arg = arg;
	for (int i = 0; i < LAST_TURNS; i++)
		MHD_run(a->daemon);
	uv_poll_stop(&a->poll);
	a->to_close = 2;
	uv_close((uv_handle_t *)&a->poll, on_closed);
	uv_close((uv_handle_t *)&a->timer, on_closed);
}
