/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "net/authorities.h"
#include "net/http_header.h"
#include "net/sockets.h"

enum {
	ANSWER_MAX = 256 * 1024,
	CONNECT_TIMEOUT_MS = 10000,
	UPLOAD_CHUNK = 256 * 1024,
	EASY_POOL = 32,
	AGAIN_MS = 1000,
};

_Static_assert(HTTP_ERROR_MAX >= CURL_ERROR_SIZE, "libcurl writes as many");

struct http {
	uv_loop_t *loop;
	uv_timer_t timer;
	CURLM *multi;
	struct http_options options;
	struct sockets sockets;
	CURL *pool[EASY_POOL];
	int pooled;
	bool closing;
	struct http_request *aborted; /* ended by http_abort, `done` still to be called */
	uv_idle_t abort_idle;
	int handles; /* uv handles not closed yet */
	void (*closed)(void *arg);
	void *closed_arg;
};

/* One per socket; curl may take it away while it is being served. */
struct watch {
	uv_poll_t poll;
	struct http *http;
	curl_socket_t fd;
};

static void collect(struct http *http);
static void on_timer(uv_timer_t *timer);

/* Where curl had no memory it has not said either when it wants to be asked again. */
static void serve(struct http *http, curl_socket_t fd, int flags)
{
	int running;

	if (curl_multi_socket_action(http->multi, fd, flags, &running) != CURLM_OK &&
	    !uv_is_active((uv_handle_t *)&http->timer))
		uv_timer_start(&http->timer, on_timer, AGAIN_MS, 0);
	collect(http);
}

static void watch_closed(uv_handle_t *handle)
{
	free(uv_handle_get_data(handle));
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
	struct watch *w = uv_handle_get_data((uv_handle_t *)poll);
	int flags = 0;

	if (status < 0) /* and what it stopped, which tells its name */
		flags = CURL_CSELECT_ERR | CURL_CSELECT_IN | CURL_CSELECT_OUT;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	serve(w->http, w->fd, flags);
}

static struct watch *watch_new(struct http *http, curl_socket_t fd)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->http = http;
	w->fd = fd;
	if (uv_poll_init_socket(http->loop, &w->poll, fd) != 0) {
		free(w);
		return NULL;
	}
	uv_handle_set_data((uv_handle_t *)&w->poll, w);
	curl_multi_assign(http->multi, fd, w);
	return w;
}

static int socket_function(CURL *easy, curl_socket_t fd, int what, void *arg,
			   void *socket_arg)
{
	struct http *http = arg;
	struct watch *w = socket_arg;
	int events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
		     (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE && w) {
		uv_poll_stop(&w->poll);
		curl_multi_assign(http->multi, fd, NULL);
		uv_close((uv_handle_t *)&w->poll, watch_closed);
	}
	if (what == CURL_POLL_REMOVE || http->closing)
		return 0;
	if (!w)
		w = watch_new(http, fd);
	if (!w)
		return -1;
	return uv_poll_start(&w->poll, events, on_socket) == 0 ? 0 : -1;
}

static void on_timer(uv_timer_t *timer)
{
	serve(uv_handle_get_data((uv_handle_t *)timer), CURL_SOCKET_TIMEOUT, 0);
}

static int timer_function(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *http = arg;

	(void)multi;
	if (http->closing)
		return 0;
	if (timeout_ms < 0)
		return uv_timer_stop(&http->timer);
	uv_update_time(http->loop);
	/* 0 would run again in the same pass on libuv before 1.48 and starve the sockets. */
	return uv_timer_start(&http->timer, on_timer,
			      timeout_ms ? (uint64_t)timeout_ms : 1, 0);
}

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
	struct http_request *r = arg;
	size_t len = r->read(r, r->sent, out, size * count);

	r->sent += len;
	return len;
}

static int on_open(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct http_request *r = arg;

	(void)purpose;
	r->fresh = true;
	sockets_add(&r->http->sockets, fd);
	return CURL_SOCKOPT_OK;
}

/* curl would begin again, silently, when a reused connection dies before the body. And it
 * would take what came on an idle one, a second answer to the request before, for the answer
 * to this: nothing is sent there. Over TLS it may be no answer; a handshake is cheap. */
static int on_begin(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct http_request *r = arg;
	bool again = r->begun;

	(void)ip;
	(void)local_ip;
	(void)port;
	r->begun = true;
	r->stale = !r->fresh && sockets_have_input(&r->http->sockets, local_port);
	return r->stale || again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* And it would rewind and send again when one dies later; it must not. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	(void)arg;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_request *r = arg;
	struct buf *body = r->reply ? r->reply : &r->body;

	buf_add(body, bytes, size * count);
	if (body->full) {
		r->too_long = true;
		return 0;
	}
	return size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_request *r = arg;

	http_header_read(str_make(bytes, size * count), &r->retry_after_ms,
			 &r->server_date_ms);
	return size * count;
}

static CURL *take_easy(struct http *http)
{
	CURL *easy = http->pooled ? http->pool[--http->pooled] : curl_easy_init();

	if (!easy)
		abort();
	return easy;
}

static void set_options(struct http *http, struct http_request *r)
{
	CURL *c = r->easy;

	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, r->read ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, r->headers);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "convey/" CONVEY_VERSION);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c, CURLOPT_READDATA, r);
	curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
	if (r->read) {
		curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_begin);
		curl_easy_setopt(c, CURLOPT_PREREQDATA, r);
	}
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, r->stale ? 1L : 0L);
	curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_open);
	curl_easy_setopt(c, CURLOPT_SOCKOPTDATA, r);
	curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, sockets_close);
	curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, &http->sockets);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(c, CURLOPT_PRIVATE, r);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, http->options.timeout_ms);
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_CHUNK);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (http->options.ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, http->options.ca_file);
}

static void begin(struct http *http, struct http_request *r)
{
	r->sent = 0;
	r->too_long = r->begun = r->fresh = false;
	r->retry_after_ms = r->server_date_ms = 0;
	r->error[0] = '\0';
	r->answer = (struct answer){0};
	r->started_us = clock_mono_us();
	buf_init(&r->body, ANSWER_MAX);
	r->headers = http_header_new(r->token);
	r->easy = take_easy(http);
	set_options(http, r);
	if (curl_multi_add_handle(http->multi, r->easy) != CURLM_OK)
		abort();
}

void http_send(struct http *http, struct http_request *r)
{
	r->http = http;
	r->stale = false;
	begin(http, r);
}

/* A body that was not handed out whole cannot have been understood. */
static enum transport failed_transport(struct http_request *r, CURLcode rc)
{
	if ((rc == CURLE_COULDNT_CONNECT || rc == CURLE_COULDNT_RESOLVE_HOST ||
	     rc == CURLE_SSL_CACERT_BADFILE) &&
	    sockets_exhausted(r->error, sizeof(r->error)))
		return TRANSPORT_NOT_SENT;
	switch (rc) {
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER: return TRANSPORT_TLS;
	default: return r->sent < r->body_len ? TRANSPORT_NOT_SENT : TRANSPORT_LOST;
	}
}

static void release(struct http *http, struct http_request *r)
{
	curl_multi_remove_handle(http->multi, r->easy);
	curl_easy_reset(r->easy);
	if (http->pooled < EASY_POOL)
		http->pool[http->pooled++] = r->easy;
	else
		curl_easy_cleanup(r->easy);
	http_header_free(r->headers);
	r->easy = r->headers = NULL;
	r->took_ms = (int64_t)((clock_mono_us() - r->started_us + 500) / 1000);
}

static void finish(struct http *http, struct http_request *r, CURLcode rc)
{
	struct answer_secrets secrets = {{r->token, r->hidden[0], r->hidden[1]}};
	curl_socket_t fd = CURL_SOCKET_BAD;
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(r->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (rc == CURLE_ABORTED_BY_CALLBACK && r->stale) {
		release(http, r);
		buf_fini(&r->body);
		begin(http, r);
		return;
	}
	if (rc == CURLE_ABORTED_BY_CALLBACK || rc == CURLE_SEND_FAIL_REWIND)
		snprintf(r->error, sizeof(r->error),
			 "the connection was closed before an answer came");
	else if (rc != CURLE_OK && (r->too_long || r->error[0] == '\0'))
		snprintf(r->error, sizeof(r->error), "%s",
			 r->too_long ? "the answer is too long" : curl_easy_strerror(rc));
	release(http, r);
	r->answer.http_status = (int)status;
	/* An answer before the whole body was read is an answer all the same: curl has it. */
	if (rc == CURLE_OK || (r->too_long && status >= 300)) {
		r->answer.transport = TRANSPORT_ANSWERED;
		answer_parse(&r->answer, buf_str(r->reply ? r->reply : &r->body),
			     &secrets);
		if (sockets_repeat(&http->sockets, fd, &r->answer))
			snprintf(r->error, sizeof(r->error),
				 "the answer to the request before came again");
	} else {
		r->answer.transport = failed_transport(r, rc);
	}
	/* Success is only what was said of the whole body; a code that is none needs no body. */
	if (r->sent < r->body_len && status / 100 == 2 && r->answer.code == 0)
		r->answer.transport = TRANSPORT_NOT_SENT;
	buf_fini(&r->body);
	r->done(r);
}

/* After every socket_action, or a last transfer that times out is never seen. */
static void collect(struct http *http)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left))) {
		CURLcode rc = msg->data.result;
		char *owner = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &owner);
		finish(http, (struct http_request *)(void *)owner, rc);
	}
}

static void on_abort_idle(uv_idle_t *idle)
{
	struct http *http = uv_handle_get_data((uv_handle_t *)idle);

	uv_idle_stop(idle);
	while (http->aborted) {
		struct http_request *r = http->aborted;

		http->aborted = r->next;
		r->done(r);
	}
}

void http_abort(struct http *http, struct http_request *r)
{
	if (!r->easy)
		return;
	release(http, r);
	r->answer = (struct answer){
		.transport = r->sent < r->body_len ? TRANSPORT_NOT_SENT : TRANSPORT_LOST};
	snprintf(r->error, sizeof(r->error), "given up at shutdown");
	buf_fini(&r->body);
	r->next = http->aborted;
	http->aborted = r;
	uv_idle_start(&http->abort_idle, on_abort_idle);
}

enum err_code http_new(uv_loop_t *loop, const struct http_options *options,
		       struct http **out, struct err *e)
{
	const curl_version_info_data *info;
	struct http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_UNAVAILABLE, "libcurl does not start");
	info = curl_version_info(CURLVERSION_NOW);
	if (~info->features & (CURL_VERSION_ASYNCHDNS | CURL_VERSION_SSL))
		return err_set(e, ERR_UNAVAILABLE, "this libcurl lacks AsynchDNS or SSL");
	if (authorities_check(options->ca_file, e) != ERR_OK)
		return e->code;
	http = calloc(1, sizeof(*http));
	if (!http)
		abort();
	*http = (struct http){.loop = loop, .options = *options, .handles = 2};
	http->multi = curl_multi_init();
	if (!http->multi)
		abort();
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_function);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timer_function);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	uv_timer_init(loop, &http->timer);
	uv_handle_set_data((uv_handle_t *)&http->timer, http);
	uv_idle_init(loop, &http->abort_idle);
	uv_handle_set_data((uv_handle_t *)&http->abort_idle, http);
	*out = http;
	return ERR_OK;
}

static void handle_closed(uv_handle_t *handle)
{
	struct http *http = uv_handle_get_data(handle);

	if (--http->handles > 0)
		return;
	http->closed(http->closed_arg);
	free(http);
}

void http_close(struct http *http, void (*closed)(void *arg), void *arg)
{
	http->closed = closed;
	http->closed_arg = arg;
	while (http->pooled)
		curl_easy_cleanup(http->pool[--http->pooled]);
	/* Its callbacks are still set and the loop still runs: POLL_REMOVE must be served. */
	http->closing = true;
	curl_multi_cleanup(http->multi);
	sockets_fini(&http->sockets);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&http->timer, handle_closed);
	uv_close((uv_handle_t *)&http->abort_idle, handle_closed);
}
