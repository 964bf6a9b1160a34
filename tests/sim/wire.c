/* SPDX-License-Identifier: MIT
 *
 * net/http.h without a network: a request starts, is written, arrives, is answered, each at a
 * moment of its own, and may go wrong between any two. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/answer.h"
#include "fiber.h"
#include "loop.h"
#include "net/http.h"
#include "run/shipment.h"
#include "wire.h"
#include "world.h"

enum { FLYING = 64 };

/* What nobody writes to for so long, as the machine sleeps, the other end has closed. */
#define FORGOTTEN_US SECONDS(900)

/* One request of the relay's. */
struct flight {
	struct http_request *http;
	struct request *ledger;
	enum trouble trouble; /* TROUBLES: none */
	int64_t deadline_us, started_us;
	char *body;
	char token[64];
	bool uploaded, ending;
};

struct http {
	long timeout_ms;
	void (*closed)(void *arg);
	void *closed_arg;
};

static struct flight flights[FLYING];

static struct flight *flight_of(const struct http_request *r)
{
	for (int i = 0; i < FLYING; i++)
		if (flights[i].http == r)
			return &flights[i];
	return NULL;
}

static void finish(struct flight *f)
{
	struct http_request *r = f->http;

	f->ledger->ended_us = world->now_us;
	r->took_ms = (world->now_us - f->started_us) / 1000;
	buf_fini(&r->body);
	free(f->body);
	*f = (struct flight){.http = NULL};
	r->done(r);
}

static void end(struct flight *f, enum transport transport, const char *error)
{
	f->http->answer = (struct answer){.transport = transport};
	snprintf(f->http->error, sizeof(f->http->error), "%s", error);
	trace("wire", "attempt %lld: %s", (long long)f->ledger->attempt_id, error);
	finish(f);
}

static void on_refused(void *arg)
{
	end(arg, TRANSPORT_NOT_SENT, "no connection");
}

static void on_tls(void *arg)
{
	end(arg, TRANSPORT_TLS, "certificate not trusted");
}

/* Whether the whole body was handed out says whether it can have arrived. */
static void on_lost(void *arg)
{
	struct flight *f = arg;

	end(f, f->http->sent < f->http->body_len ? TRANSPORT_NOT_SENT : TRANSPORT_LOST,
	    "the connection was lost");
}

static void on_timeout(void *arg)
{
	struct flight *f = arg;

	end(f, f->http->sent < f->http->body_len ? TRANSPORT_NOT_SENT : TRANSPORT_LOST,
	    "no answer in time");
}

static void go_on(struct flight *f, int64_t in_us, void (*fn)(void *arg))
{
	int64_t at = world->now_us + in_us;

	if (at >= f->deadline_us)
		loop_post(f->deadline_us, on_timeout, f);
	else
		loop_post(at, fn, f);
}

static void on_answer(void *arg)
{
	struct flight *f = arg;
	struct http_request *r = f->http;
	struct answer_secrets secrets = {{r->token}};
	char text[512];
	size_t len;

	fiber_mark(MARK_ANSWER);
	f->ledger->known = true;
	r->answer = (struct answer){.transport = TRANSPORT_ANSWERED,
				    .http_status = f->ledger->http_status};
	len = tiktok_answer(f->ledger, text, sizeof(text));
	answer_parse(&r->answer, str_make(text, len), &secrets);
	r->retry_after_ms = f->ledger->retry_after_ms;
	finish(f);
}

static void receive(struct flight *f)
{
	tiktok_receive(f->ledger, f->body, f->http->body_len, f->token);
}

/* The server has it; its answer is on the way, or never comes. */
static void on_arrival(void *arg)
{
	struct flight *f = arg;
	int64_t wait_us = chance_skewed(CHANCE_NET, 300, 200000);

	if (world->now_us - f->started_us > FORGOTTEN_US) {
		on_lost(f);
		return;
	}
	receive(f);
	fiber_mark(MARK_ARRIVE);
	if (f->trouble == TROUBLE_SLOW)
		wait_us += chance_skewed(CHANCE_NET, 100000, SECONDS(40));
	if (f->trouble == TROUBLE_HANG)
		go_on(f, INT64_MAX / 4, on_timeout);
	else if (f->trouble == TROUBLE_RESET_AFTER || f->trouble == TROUBLE_CUT_ANSWER)
		go_on(f, wait_us, on_lost);
	else
		go_on(f, wait_us, on_answer);
}

static void read_some(struct flight *f, uint64_t len)
{
	struct http_request *r = f->http;

	while (len > 0) {
		size_t got = r->read(r, r->sent, f->body + r->sent, (size_t)len);

		assert(got > 0 && got <= len);
		r->sent += got;
		len -= got;
	}
}

/* curl asks for the body piece by piece, as the socket takes it. */
static void on_write(void *arg)
{
	struct flight *f = arg;
	struct http_request *r = f->http;
	uint64_t left = r->body_len - r->sent;
	uint64_t len = chance_hit(CHANCE_NET, 700)
			       ? left
			       : (uint64_t)chance_between(CHANCE_NET, 1, (int64_t)left);

	if (f->trouble == TROUBLE_RESET_BEFORE) {
		on_lost(f);
		return;
	}
	if (f->trouble == TROUBLE_RESET_WITHIN)
		len = (uint64_t)chance_below(CHANCE_NET, (int64_t)left);
	read_some(f, len);
	fiber_mark(MARK_UPLOAD);
	if (f->trouble == TROUBLE_RESET_WITHIN) {
		go_on(f, chance_skewed(CHANCE_NET, 100, 50000), on_lost);
	} else if (r->sent < r->body_len) {
		go_on(f, chance_skewed(CHANCE_NET, 10, 20000), on_write);
	} else if (f->trouble == TROUBLE_RESET_AFTER && chance_hit(CHANCE_NET, 500)) {
		go_on(f, chance_skewed(CHANCE_NET, 100, 50000), on_lost);
	} else {
		f->uploaded = true;
		go_on(f, chance_skewed(CHANCE_NET, 50, 50000), on_arrival);
	}
}

static enum trouble weather(void)
{
	const struct spell *spell;

	for (enum trouble t = TROUBLE_REFUSED; t <= TROUBLE_SLOW; t++)
		if (plan_strikes(t, &spell))
			return t;
	return TROUBLES;
}

static struct request *ledger_open(const struct http_request *r)
{
	const struct shipment *s =
		(const struct shipment *)((const char *)r -
					  offsetof(struct shipment, request));
	struct tiktok *t = &world->tiktok;
	struct request *q = &t->requests[t->request_count];

	if (t->request_count == REQUESTS_MAX) {
		world_break("more than %d requests", REQUESTS_MAX);
		abort();
	}
	*q = (struct request){.attempt_id = s->opening.attempt_id,
			      .life = world->life,
			      .relay = world->relay,
			      .pixel = strcmp(s->site->pixel_id, "PIXEL1") == 0,
			      .started_us = world->now_us,
			      .mono_ms = world_mono_us() / 1000,
			      .events = (int)s->opening.events};
	t->request_count++;
	return q;
}

void http_send(struct http *http, struct http_request *r)
{
	struct flight *f = flight_of(NULL);

	assert(f && r->body_len > 0);
	fiber_mark(MARK_START);
	r->http = http;
	r->sent = 0;
	r->retry_after_ms = r->server_date_ms = r->took_ms = 0;
	r->error[0] = '\0';
	r->answer = (struct answer){0};
	*f = (struct flight){.http = r,
			     .ledger = ledger_open(r),
			     .trouble = weather(),
			     .started_us = world->now_us,
			     .body = malloc(r->body_len)};
	assert(f->body && r->token->len < sizeof(f->token));
	memcpy(f->token, r->token->bytes, r->token->len);
	f->deadline_us = world->now_us + http->timeout_ms * 1000;
	f->ledger->drawn = f->trouble != TROUBLES;
	trace("wire", "attempt %lld starts: %d events", (long long)f->ledger->attempt_id,
	      f->ledger->events);
	wire_check(f->ledger);
	if (f->trouble == TROUBLE_REFUSED)
		go_on(f, chance_skewed(CHANCE_NET, 50, 20000), on_refused);
	else if (f->trouble == TROUBLE_BLACK_HOLE)
		go_on(f, SECONDS(10), on_refused);
	else if (f->trouble == TROUBLE_TLS)
		go_on(f, chance_skewed(CHANCE_NET, 1000, 50000), on_tls);
	else
		go_on(f, chance_skewed(CHANCE_NET, 50, 50000), on_write);
}

static void on_aborted(void *arg)
{
	struct flight *f = arg;

	end(f, f->http->sent < f->http->body_len ? TRANSPORT_NOT_SENT : TRANSPORT_LOST,
	    "given up at shutdown");
}

void http_abort(struct http *http, struct http_request *r)
{
	struct flight *f = flight_of(r);

	(void)http;
	if (!f || f->ending)
		return;
	f->ending = true;
	loop_unpost(f);
	if (f->uploaded && !f->ledger->arrived && chance_hit(CHANCE_NET, 500))
		receive(f);
	loop_post(world->now_us, on_aborted, f);
}

enum err_code http_new(uv_loop_t *loop, const struct http_options *options,
		       struct http **out, struct err *e)
{
	struct http *http = calloc(1, sizeof(*http));

	(void)loop;
	(void)e;
	if (!http)
		abort();
	http->timeout_ms = options->timeout_ms;
	memset(flights, 0, sizeof(flights));
	*out = http;
	return ERR_OK;
}

static void on_closed(void *arg)
{
	struct http *http = arg;

	http->closed(http->closed_arg);
	free(http);
}

void http_close(struct http *http, void (*closed)(void *arg), void *arg)
{
	for (int i = 0; i < FLYING; i++)
		if (flights[i].http)
			world_break("a request is under way while http closes");
	http->closed = closed;
	http->closed_arg = arg;
	loop_post(world->now_us, on_closed, http);
}

void wire_last_words(void)
{
	for (int i = 0; i < FLYING; i++) {
		struct flight *f = &flights[i];

		if (f->http && f->uploaded && !f->ledger->arrived &&
		    chance_hit(CHANCE_NET, 700))
			receive(f);
	}
}
