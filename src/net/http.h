/* SPDX-License-Identifier: MIT
 * http.h - POST, or GET where there is no body: one at a time per request, many in parallel, on
 * the caller's loop. One call is at most one request on the wire: nothing is ever sent twice
 * silently.
 *
 * Owns:    connections, timers and curl's handles, from http_new to http_close. The request's
 *          memory is the caller's and stays until `done`.
 * Thread:  the loop's.
 * Errors:  UNAVAILABLE curl lacks what is needed; NOINPUT or DATA no such authorities. How a request ended is no error: struct answer.
 * See:     run/README.md for the contract of `done`; libcurl-multi(3). */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <uv.h>

#include "base/buf.h"
#include "core/secret.h"
#include "core/verdict.h"

#define HTTP_ERROR_MAX 256 /* libcurl writes as many */

struct http;

struct http_options {
	long timeout_ms;     /* of a whole request */
	const char *ca_file; /* NULL: the system's */
};

struct http_request {
	/* set by the caller */
	const char *url;
	const struct secret *token; /* Access-Token; curl's copy is wiped; NULL: none */
	const struct secret *hidden[2]; /* others that it carries, or NULL */
	uint64_t body_len;              /* bytes */
	/* Copies at most `cap` bytes of the body from `offset` on; NULL: a GET. */
	size_t (*read)(struct http_request *r, uint64_t offset, char *out, size_t cap);
	void (*done)(struct http_request *r);
	struct buf *reply; /* takes the answer's body; the caller wipes it; NULL: none */

	/* set before `done` */
	struct answer answer;
	int64_t retry_after_ms; /* 0: none */
	int64_t server_date_ms; /* Date of the answer, Unix time; 0: none */
	int64_t took_ms;
	char error[HTTP_ERROR_MAX]; /* why there is no answer */

	/* http.c's own */
	struct http *http;
	void *easy;
	void *headers;
	uint64_t sent;
	uint64_t started_us;
	struct buf body;
	bool too_long, begun;
	bool fresh, stale; /* on a new connection; the old one is not to be trusted */
	struct http_request *next;
};

MUST_CHECK enum err_code http_new(uv_loop_t *loop, const struct http_options *options,
				  struct http **out, struct err *e);

/* Starts the request; `done` is called exactly once, never before this returns. */
void http_send(struct http *http, struct http_request *r);

/* Ends the request now; its answer is TRANSPORT_LOST (or NOT_SENT) and `done` follows. */
void http_abort(struct http *http, struct http_request *r);

/* No request may be under way. `closed` is called when everything is released. */
void http_close(struct http *http, void (*closed)(void *arg), void *arg);

#endif
