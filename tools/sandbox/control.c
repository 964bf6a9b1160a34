/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "route.h"

typedef enum err_code add_fn(void *list, const char *line, struct err *e);

static enum err_code add_fault(void *list, const char *line, struct err *e)
{
	return fault_list_add(list, line, e);
}

static enum err_code add_token(void *list, const char *line, struct err *e)
{
	return token_list_add(list, line, e);
}

/* Each line of the body that is not blank. */
static enum err_code add_lines(struct exchange *x, add_fn *add, void *list, struct err *e)
{
	struct str rest = buf_str(&x->body);

	while (rest.len > 0) {
		const char *newline = memchr(rest.p, '\n', rest.len);
		size_t len = newline ? (size_t)(newline - rest.p) : rest.len;
		struct str line = str_trim(str_make(rest.p, len));
		char text[1024];

		rest.p += newline ? len + 1 : len;
		rest.len -= newline ? len + 1 : len;
		if (line.len == 0)
			continue;
		snprintf(text, sizeof(text), "%.*s", STR_ARG(line));
		if (add(list, text, e))
			return e->code;
	}
	return ERR_OK;
}

void control_fault(struct sandbox *s, struct exchange *x)
{
	struct fault_list faults = {.seed = s->faults.seed};
	struct err e = {0};

	if (add_lines(x, add_fault, &faults, &e) == ERR_OK && s->tls &&
	    fault_list_raw(&faults))
		err_set(&e, ERR_USAGE, "fault %s does not work with --tls",
			fault_list_raw(&faults)->name);
	if (e.code) {
		fault_list_fini(&faults);
		exchange_answer(x, 400, 40002, e.msg);
		return;
	}
	fault_list_restart(&faults);
	pthread_mutex_lock(&s->lock);
	fault_list_fini(&s->faults);
	s->faults = faults;
	pthread_mutex_unlock(&s->lock);
	exchange_answer(x, 200, 0, "OK");
}

void control_token(struct sandbox *s, struct exchange *x)
{
	struct token_list tokens = {0};
	struct err e;

	if (add_lines(x, add_token, &tokens, &e)) {
		token_list_fini(&tokens);
		exchange_answer(x, 400, 40002, e.msg);
		return;
	}
	pthread_mutex_lock(&s->lock);
	token_list_fini(&s->tokens);
	s->tokens = tokens;
	pthread_mutex_unlock(&s->lock);
	exchange_answer(x, 200, 0, "OK");
}

static enum err_code set_oauth(void *list, const char *line, struct err *e)
{
	return oauth_set(list, line, e);
}

void control_oauth(struct sandbox *s, struct exchange *x)
{
	struct err e = {0};

	pthread_mutex_lock(&s->lock);
	if (add_lines(x, set_oauth, &s->oauth, &e) == ERR_OK)
		exchange_answer(x, 200, 0, "OK");
	else
		exchange_answer(x, 400, 40002, e.msg);
	pthread_mutex_unlock(&s->lock);
}

static void add_grants(struct buf *b, const struct oauth *o, int64_t now_ms)
{
	buf_addf(b,
		 "{\"authorized\":%llu,\"exchanged\":%llu,\"refreshed\":%llu,"
		 "\"revoked\":%llu,\"requests\":%llu,\"grants\":[",
		 (unsigned long long)o->authorized, (unsigned long long)o->exchanged,
		 (unsigned long long)o->refreshed, (unsigned long long)o->revoked,
		 (unsigned long long)o->asked);
	for (size_t i = 0; i < o->grant_count; i++)
		buf_addf(b,
			 "%s{\"access_token\":\"%s\",\"refresh_token\":\"%s\","
			 "\"code\":%d}",
			 i ? "," : "", o->grants[i].token, o->grants[i].refresh,
			 oauth_token_code(o, o->grants[i].token, now_ms));
	buf_adds(b, STR("]}"));
}

void control_grants(struct sandbox *s, struct exchange *x)
{
	x->status = 200;
	x->answer_type = "application/json";
	pthread_mutex_lock(&s->lock);
	add_grants(&x->answer, &s->oauth, clock_wall_ms());
	pthread_mutex_unlock(&s->lock);
}

static void add_stats(struct buf *b, const struct sandbox *s)
{
	const struct stats *stats = &s->stats;

	buf_addf(
		b,
		"{\"requests\":%llu,\"bytes\":%llu,\"events\":%llu,\"new\":%llu,"
		"\"duplicates\":%llu,\"test_events\":%llu,\"unique_ids\":%zu,\"codes\":{",
		(unsigned long long)stats->requests, (unsigned long long)stats->bytes,
		(unsigned long long)stats->events, (unsigned long long)stats->fresh,
		(unsigned long long)stats->duplicate,
		(unsigned long long)stats->test_events, s->seen.used);
	for (size_t i = 0; i < stats->code_count; i++) {
		buf_addf(b, i ? "," : "");
		if (stats->codes[i].code < 0)
			buf_addf(b, "\"none\":");
		else
			buf_addf(b, "\"%d\":", stats->codes[i].code);
		buf_addf(b, "%llu", (unsigned long long)stats->codes[i].count);
	}
	buf_addf(b, "}}");
}

void control_stats(struct sandbox *s, struct exchange *x)
{
	x->status = 200;
	x->answer_type = "application/json";
	pthread_mutex_lock(&s->lock);
	add_stats(&x->answer, s);
	pthread_mutex_unlock(&s->lock);
}

void control_reset(struct sandbox *s, struct exchange *x)
{
	pthread_mutex_lock(&s->lock);
	dedup_fini(&s->seen);
	dedup_fini(&s->seen_test);
	s->stats = (struct stats){0};
	fault_list_restart(&s->faults);
	pthread_mutex_unlock(&s->lock);
	exchange_answer(x, 200, 0, "OK");
}
