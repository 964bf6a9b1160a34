/* SPDX-License-Identifier: MIT */
#include "run/console.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "core/secret.h"
#include "net/reply.h"
#include "run/bearer.h"
#include "run/change.h"
#include "run/page.h"
#include "run/page_answer.h"
#include "run/probe.h"
#include "run/relay.h"

enum { ANSWER_MAX = 8 * 1024 * 1024 };

struct console {
	struct relay *relay;
	struct door door;
	struct admin *admin;
	struct lane lane;
	bool has_lane;
	int changes; /* asked for and not answered yet */
	char token[GATE_TOKEN_LEN + 1];
};

/* One row a path; ask_route.number is the index. */
static const struct {
	const char *path;
	enum gate_kind kind;
	enum change_kind change;
	void (*work)(struct errand *errand); /* NULL: the loop lives, and that is all */
} rooms[] = {
	{"/", GATE_PAGE, CHANGE_NONE, page_answer},
	{"/pause", GATE_CHANGE, CHANGE_PAUSE, page_answer_change},
	{"/resume", GATE_CHANGE, CHANGE_RESUME, page_answer_change},
	{"/retry", GATE_CHANGE, CHANGE_RETRY, page_answer_change},
	{"/livez", GATE_OPEN, CHANGE_NONE, NULL},
	{"/readyz", GATE_OPEN, CHANGE_NONE, probe_ready},
	{"/metrics", GATE_READ, CHANGE_NONE, probe_metrics},
};

enum { ROOMS = sizeof(rooms) / sizeof(rooms[0]) };

static void errand_free(struct errand *errand)
{
	errand->console->changes -= errand->is_change;
	vitals_fini(&errand->vitals);
	buf_fini(&errand->body);
	free(errand);
}

static void answer_work(struct job *job, void *state)
{
	struct errand *errand = (struct errand *)job;

	(void)state;
	errand->work(errand);
}

static void answer_done(struct job *job)
{
	struct errand *errand = (struct errand *)job;
	struct relay *r = errand->relay;

	if (errand->body.full)
		admin_answer(errand->exchange, 500, ERRAND_TEXT, REPLY_POLICY_BARE,
			     STR("The answer is too long.\n"));
	else
		admin_answer(errand->exchange, errand->status, errand->type,
			     errand->policy, buf_str(&errand->body));
	errand_free(errand);
	if (r->stopping)
		relay_pump(r); /* it may have waited for this */
}

/* When everything is being closed there is no worker any more, and a sentence must do. */
void errand_go_on(struct errand *errand)
{
	if (errand->relay->closing) {
		buf_addf(&errand->body, "%s\n", errand->notice);
		answer_done(&errand->job);
		return;
	}
	vitals_take(errand->relay, &errand->vitals);
	errand->job.work = answer_work;
	errand->job.done = answer_done;
	lane_submit(&errand->console->lane, &errand->job);
}

void errand_beside(struct errand *errand, struct job *job)
{
	lane_submit(&errand->console->lane, job);
}

static struct errand *errand_new(struct console *c, struct admin_exchange *x)
{
	struct errand *errand = calloc(1, sizeof(*errand));
	struct relay *r = c->relay;

	if (!errand)
		abort();
	errand->console = c;
	errand->relay = r;
	errand->exchange = x;
	errand->ask = &x->ask;
	errand->tcp = c->door.kind == DOOR_TCP;
	errand->key_of = r->options.db_path;
	errand->status = 200;
	errand->type = ERRAND_TEXT;
	errand->policy = REPLY_POLICY_BARE;
	buf_init(&errand->body, ANSWER_MAX);
	return errand;
}

static void serve(void *arg, struct admin_exchange *x)
{
	struct console *c = arg;
	int number = x->ask.route->number;
	bool is_change = rooms[number].change != CHANGE_NONE;
	struct errand *errand;

	/* No lane takes a job any more; and the end does not wait for ever new ones. */
	if (c->relay->closing || (c->relay->stopping && is_change)) {
		admin_answer(x, 503, ERRAND_TEXT, REPLY_POLICY_BARE,
			     STR("The relay is stopping.\n"));
		return;
	}
	if (!rooms[number].work) {
		admin_answer(x, 200, ERRAND_TEXT, REPLY_POLICY_BARE, STR("ok\n"));
		return;
	}
	errand = errand_new(c, x);
	errand->work = rooms[number].work;
	errand->is_change = is_change;
	c->changes += is_change;
	if (is_change)
		change_start(errand, rooms[number].change);
	else
		errand_go_on(errand);
}

static void sign_in(void *arg, bool wrong, struct buf *out)
{
	(void)arg;
	page_sign_in(wrong, out);
}

static const struct ask_route *routes(void)
{
	static struct ask_route list[ROOMS + 1];

	for (int i = 0; i < ROOMS; i++)
		list[i] = (struct ask_route){rooms[i].path, rooms[i].kind, i};
	return list;
}

static enum err_code choose_door(struct console *c, const char *db_path, struct err *e)
{
	char path[sizeof(c->relay->writer.lock.path) + 16];

	if (c->relay->options.admin) {
		c->door = *c->relay->options.admin;
		return ERR_OK;
	}
	snprintf(path, sizeof(path), "%s.admin.sock", db_path);
	return door_at(path, &c->door, e);
}

static enum err_code open_listener(struct console *c, struct err *e)
{
	const char *db_path = c->relay->writer.lock.path;
	struct admin_options o = {
		.routes = routes(),
		.token = c->token,
		.sign_in_policy = page_policy,
		.serve = serve,
		.sign_in = sign_in,
		.arg = c,
	};
	char path[sizeof(c->relay->writer.lock.path) + 16], name[160];
	void *states[] = {NULL};
	struct log_line line;

	snprintf(path, sizeof(path), "%s.admin.token", db_path);
	if (choose_door(c, db_path, e) != ERR_OK ||
	    bearer_load(path, c->token, e) != ERR_OK)
		return e->code;
	if (lane_open(&c->lane, &c->relay->loop, "admin", states, 1, NULL, e) != ERR_OK)
		return e->code;
	c->has_lane = true;
	if (admin_open(&c->relay->loop, &c->door, &o, &c->admin, e) != ERR_OK)
		return e->code;
	door_name(&c->door, name);
	line = log_begin(LOG_INFO, "admin_page");
	log_field(&line, "address", "%s", name);
	log_field(&line, "token_file", "%s", path);
	log_end(&line);
	return ERR_OK;
}

enum err_code console_open(struct relay *r, struct console **out, struct err *e)
{
	struct console *c;
	struct log_line line;

	*out = NULL;
	if (r->options.admin && r->options.admin->kind == DOOR_OFF)
		return ERR_OK;
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->relay = r;
	*out = c;
	if (open_listener(c, e) == ERR_OK)
		return ERR_OK;
	if (r->options.admin)
		return e->code;
	line = log_begin(LOG_WARN, "admin_page_unavailable");
	log_field(&line, "error", "%s", e->msg);
	log_end(&line);
	e->code = ERR_OK;
	return ERR_OK;
}

bool console_idle(const struct console *c)
{
	return !c || c->changes == 0;
}

int console_close(struct console *c, void (*closed)(void *arg), void *arg)
{
	if (!c)
		return 0;
	if (c->has_lane)
		lane_close(&c->lane, closed, arg);
	if (c->admin)
		admin_close(c->admin, closed, arg);
	return c->has_lane + (c->admin != NULL);
}

void console_free(struct console *c)
{
	if (!c)
		return;
	OPENSSL_cleanse(c->token, sizeof(c->token));
	free(c);
}
