/* SPDX-License-Identifier: MIT */
#include "net/perform.h"

#include <stdlib.h>

static void on_done(struct http_request *r)
{
	(void)r;
}

static void on_closed(void *arg)
{
	(void)arg;
}

enum err_code perform(struct http_request *r, const struct http_options *options,
		      struct err *e)
{
	struct http *http;
	uv_loop_t loop;

	if (uv_loop_init(&loop) != 0)
		abort();
	if (http_new(&loop, options, &http, e) == ERR_OK) {
		r->done = on_done;
		http_send(http, r);
		uv_run(&loop, UV_RUN_DEFAULT);
		http_close(http, on_closed, NULL);
		uv_run(&loop, UV_RUN_DEFAULT);
		e->code = ERR_OK;
	}
	if (uv_loop_close(&loop) != 0)
		abort(); /* a handle was forgotten */
	return e->code;
}
