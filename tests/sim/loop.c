/* SPDX-License-Identifier: MIT
 *
 * The few functions of libuv that the relay calls, in virtual time: a loop that parks its fiber
 * instead of polling. What is ready together is served in an order that the seed chooses. */
#include "loop.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "fiber.h"
#include "world.h"

enum { HANDLES = 64, POSTS = 256 };

struct handle {
	uv_handle_t *uv;
	uv_handle_type type;
	bool active, ready, closing;
	uv_close_cb on_close;
	union {
		uv_timer_cb timer;
		uv_async_cb async;
		uv_signal_cb signal;
		uv_fs_event_cb fs_event;
	} call;
	uint64_t due_ms, order; /* timers */
	int number;             /* signals */
	char name[64];          /* of what was written */
};

struct post {
	int64_t at_us;
	void (*fn)(void *arg);
	void *arg;
};

/* There is one loop at a time. */
static struct {
	uv_loop_t *uv;
	uint64_t time_ms, started;
	struct handle handles[HANDLES];
	struct post posts[POSTS];
	int post_count;
	struct fiber *fiber; /* while it runs */
	bool polling;
} loop;

static struct handle *find(const void *uv)
{
	for (int i = 0; i < HANDLES; i++)
		if (loop.handles[i].uv == uv)
			return &loop.handles[i];
	world_break("libuv was given a handle that is not open");
	abort();
}

static struct handle *add(void *uv, uv_handle_type type)
{
	for (int i = 0; i < HANDLES; i++) {
		struct handle *h = &loop.handles[i];

		if (h->uv == uv) {
			world_break("a handle of libuv was opened twice");
			abort();
		}
		if (h->uv)
			continue;
		*h = (struct handle){.uv = uv, .type = type};
		return h;
	}
	abort();
}

static void wake_loop(int64_t in_us)
{
	if (loop.fiber && loop.polling)
		fiber_wake(loop.fiber, in_us);
}

void uv_update_time(uv_loop_t *uv)
{
	(void)uv;
	loop.time_ms = (uint64_t)world_mono_us() / 1000;
}

int uv_loop_init(uv_loop_t *uv)
{
	assert(!loop.uv);
	memset(&loop, 0, sizeof(loop));
	loop.uv = uv;
	uv_update_time(uv);
	return 0;
}

int uv_loop_close(uv_loop_t *uv)
{
	assert(loop.uv == uv);
	for (int i = 0; i < HANDLES; i++)
		if (loop.handles[i].uv)
			return UV_EBUSY;
	loop.uv = NULL;
	return 0;
}

void uv_handle_set_data(uv_handle_t *uv, void *data)
{
	uv->data = data;
}

void *uv_handle_get_data(const uv_handle_t *uv)
{
	return uv->data;
}

int uv_timer_init(uv_loop_t *uv, uv_timer_t *timer)
{
	(void)uv;
	add(timer, UV_TIMER);
	return 0;
}

/* From the loop's own idea of now, as libuv counts. */
int uv_timer_start(uv_timer_t *timer, uv_timer_cb fn, uint64_t timeout, uint64_t repeat)
{
	struct handle *h = find(timer);

	assert(repeat == 0);
	if (h->closing || !fn)
		return UV_EINVAL;
	h->active = true;
	h->call.timer = fn;
	h->due_ms = loop.time_ms + timeout;
	h->order = ++loop.started;
	return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
	find(timer)->active = false;
	return 0;
}

int uv_signal_init(uv_loop_t *uv, uv_signal_t *signal)
{
	(void)uv;
	add(signal, UV_SIGNAL);
	return 0;
}

int uv_signal_start(uv_signal_t *signal, uv_signal_cb fn, int number)
{
	struct handle *h = find(signal);

	h->active = true;
	h->call.signal = fn;
	h->number = number;
	return 0;
}

int uv_async_init(uv_loop_t *uv, uv_async_t *async, uv_async_cb fn)
{
	struct handle *h = add(async, UV_ASYNC);

	(void)uv;
	h->active = true;
	h->call.async = fn;
	return 0;
}

int uv_async_send(uv_async_t *async)
{
	struct handle *h = find(async);

	h->ready = true;
	wake_loop(chance_skewed(CHANCE_SCHEDULE, 1, 100));
	return 0;
}

int uv_fs_event_init(uv_loop_t *uv, uv_fs_event_t *event)
{
	(void)uv;
	add(event, UV_FS_EVENT);
	return 0;
}

int uv_fs_event_start(uv_fs_event_t *event, uv_fs_event_cb fn, const char *path,
		      unsigned flags)
{
	struct handle *h = find(event);

	(void)path;
	(void)flags;
	if (!world->calm && chance_hit(CHANCE_SCHEDULE, world->plan.lost_wakes / 10))
		return UV_ENOSPC; /* no inotify is left */
	h->active = true;
	h->ready = false;
	h->call.fs_event = fn;
	return 0;
}

int uv_fs_event_stop(uv_fs_event_t *event)
{
	find(event)->active = false;
	return 0;
}

const char *uv_strerror(int code)
{
	(void)code;
	return "nothing is left";
}

void uv_close(uv_handle_t *uv, uv_close_cb fn)
{
	struct handle *h = find(uv);

	world->attentive = false;
	assert(!h->closing);
	h->closing = true;
	h->active = h->ready = false;
	h->on_close = fn;
}

bool loop_raise(int number)
{
	bool raised = false;

	for (int i = 0; i < HANDLES; i++) {
		struct handle *h = &loop.handles[i];

		if (loop.uv && h->uv && h->type == UV_SIGNAL && h->active &&
		    h->number == number) {
			h->ready = raised = true;
			wake_loop(1);
		}
	}
	return raised;
}

void loop_written(const char *name)
{
	for (int i = 0; loop.uv && i < HANDLES; i++) {
		struct handle *h = &loop.handles[i];

		if (!h->uv || h->type != UV_FS_EVENT || !h->active)
			continue;
		if (chance_hit(CHANCE_SCHEDULE, world->plan.lost_wakes))
			continue;
		snprintf(h->name, sizeof(h->name), "%s", name);
		h->ready = true;
		wake_loop(chance_skewed(CHANCE_SCHEDULE, 10, 500));
	}
}

void loop_post(int64_t at_us, void (*fn)(void *arg), void *arg)
{
	assert(loop.uv && loop.post_count < POSTS);
	loop.posts[loop.post_count++] = (struct post){at_us, fn, arg};
	wake_loop(at_us > world->now_us ? at_us - world->now_us : 0);
}

void loop_unpost(void *arg)
{
	for (int i = 0; i < loop.post_count; i++)
		if (loop.posts[i].arg == arg)
			loop.posts[i--] = loop.posts[--loop.post_count];
}

static struct handle *due_timer(void)
{
	struct handle *best = NULL;

	for (int i = 0; i < HANDLES; i++) {
		struct handle *h = &loop.handles[i];

		if (h->uv && h->type == UV_TIMER && h->active &&
		    (!best || h->due_ms < best->due_ms ||
		     (h->due_ms == best->due_ms && h->order < best->order)))
			best = h;
	}
	return best;
}

static void run_timers(void)
{
	struct handle *h;

	while ((h = due_timer()) && h->due_ms <= loop.time_ms) {
		h->active = false;
		h->call.timer((uv_timer_t *)h->uv);
	}
}

static bool has_closing(void)
{
	for (int i = 0; i < HANDLES; i++)
		if (loop.handles[i].uv && loop.handles[i].closing)
			return true;
	return false;
}

static bool is_alive(void)
{
	for (int i = 0; i < HANDLES; i++)
		if (loop.handles[i].uv &&
		    (loop.handles[i].active || loop.handles[i].closing))
			return true;
	return loop.post_count > 0;
}

/* When something is ready that nothing else will tell of. */
static int64_t next_us(void)
{
	struct handle *timer = due_timer();
	int64_t at = INT64_MAX;

	if (has_closing())
		return world->now_us;
	if (timer)
		at = world->now_us + (int64_t)timer->due_ms * 1000 - world_mono_us();
	for (int i = 0; i < loop.post_count; i++)
		if (loop.posts[i].at_us < at)
			at = loop.posts[i].at_us;
	for (int i = 0; i < HANDLES; i++)
		if (loop.handles[i].uv && loop.handles[i].ready)
			return world->now_us;
	return at;
}

static void poll(void)
{
	int64_t at = next_us();

	if (at != INT64_MAX && at - world->now_us > SECONDS(30))
		world_break("the relay would sleep for %lld s",
			    (long long)((at - world->now_us) / 1000000));
	if (at <= world->now_us)
		return;
	loop.polling = true;
	fiber_park(at == INT64_MAX ? at : at + chance_below(CHANCE_SCHEDULE, 300));
	loop.polling = false;
}

static void serve_handle(struct handle *h)
{
	h->ready = false;
	switch (h->type) {
	case UV_ASYNC: h->call.async((uv_async_t *)h->uv); break;
	case UV_SIGNAL: h->call.signal((uv_signal_t *)h->uv, h->number); break;
	case UV_FS_EVENT:
		h->call.fs_event((uv_fs_event_t *)h->uv, h->name, UV_CHANGE, 0);
		break;
	default: abort();
	}
}

static bool serve_post(int i)
{
	struct post p = loop.posts[i];

	if (p.at_us > world->now_us)
		return false;
	loop.posts[i] = loop.posts[--loop.post_count];
	p.fn(p.arg);
	return true;
}

/* Once around, from a random place on. */
static void serve(void)
{
	int from = (int)chance_below(CHANCE_SCHEDULE, HANDLES);

	for (int i = loop.post_count - 1; i >= 0; i--)
		if (i < loop.post_count && chance_hit(CHANCE_SCHEDULE, 700))
			serve_post(i);
	for (int n = 0; n < HANDLES; n++) {
		struct handle *h = &loop.handles[(from + n) % HANDLES];

		if (h->uv && h->ready && !h->closing)
			serve_handle(h);
	}
	for (int i = loop.post_count - 1; i >= 0; i--)
		if (i < loop.post_count)
			serve_post(i);
}

static void close_handles(void)
{
	for (int i = 0; i < HANDLES; i++) {
		struct handle *h = &loop.handles[i];
		struct handle closed = *h;

		if (!h->uv || !h->closing)
			continue;
		*h = (struct handle){0};
		if (closed.on_close)
			closed.on_close(closed.uv);
	}
}

int uv_run(uv_loop_t *uv, uv_run_mode mode)
{
	assert(loop.uv == uv && mode == UV_RUN_DEFAULT);
	loop.fiber = fiber_self();
	world->attentive = true;
	while (is_alive()) {
		uv_update_time(uv);
		run_timers();
		poll();
		uv_update_time(uv);
		serve();
		close_handles();
	}
	loop.fiber = NULL;
	return 0;
}
