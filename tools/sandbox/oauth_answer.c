/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "misbehave.h"
#include "route.h"

static const char wrong_token[] = "Access token is incorrect or has been revoked.";

static const char *argument(const struct exchange *x, const char *name)
{
	const char *value = x->argument(x, name);

	return value ? value : "";
}

static const char *member(const struct exchange *x, const char *name)
{
	const char *value = exchange_text(x, name);

	return value ? value : "";
}

/* A part of a URL. */
static void add_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (ascii_is_digit(*text) || strchr("-._~", c) ||
		    (ascii_lower(*text) >= 'a' && ascii_lower(*text) <= 'z'))
			buf_addc(b, *text);
		else
			buf_addf(b, "%%%02X", c);
	}
}

/* GET /portal/auth: the person has said yes, or no. */
void oauth_portal(struct sandbox *s, struct exchange *x)
{
	const char *to = argument(x, "redirect_uri");
	bool known = strcmp(argument(x, "app_id"), s->oauth.app_id) == 0;

	if (!known || strncmp(to, "http", 4) != 0 || !*argument(x, "state")) {
		exchange_answer_text(x, 400, "text/plain",
				     "app_id, state or redirect_uri is not right");
		return;
	}
	exchange_answer_text(x, 302, "text/plain", "Found");
	buf_addf(&x->location, "%s%s", to, strchr(to, '?') ? "&" : "?");
	pthread_mutex_lock(&s->lock);
	if (s->oauth.deny) {
		buf_adds(&x->location, STR("error=access_denied&state="));
	} else {
		const char *code = oauth_new_code(&s->oauth);

		buf_addf(&x->location, "auth_code=%s&code=%s&state=", code, code);
	}
	pthread_mutex_unlock(&s->lock);
	add_escaped(&x->location, argument(x, "state"));
}

static bool read_object(struct exchange *x)
{
	x->root = json_loadb(x->body.p ? x->body.p : "", x->body.len, 0, NULL);
	if (json_is_object(x->root))
		return true;
	exchange_answer(x, 400, 40002, "body: Not a JSON object");
	return false;
}

void oauth_refuse(const struct oauth *o, struct exchange *x, int status, int code,
		  const char *why, const char *sent)
{
	char message[256];

	snprintf(message, sizeof(message), "%s You sent '%s'.", why, sent);
	exchange_answer(x, status, code, o->echo ? message : why);
}

static bool refuse_app(const struct oauth *o, struct exchange *x, const char *id,
		       const char *secret)
{
	if (strcmp(id, o->app_id) == 0 && strcmp(secret, o->app_secret) == 0)
		return false;
	oauth_refuse(o, x, 200, 40101, "app_id or secret is incorrect.", secret);
	return true;
}

static bool refuse_token(const struct oauth *o, struct exchange *x)
{
	int code = oauth_token_code(o, x->token, clock_wall_ms());

	if (code == 0)
		return false;
	oauth_refuse(o, x, 200, code < 0 ? 40105 : code, wrong_token, x->token);
	return true;
}

/* "A,B" as ["A","B"]. */
static void add_list(struct buf *b, const char *list)
{
	buf_addc(b, '[');
	while (*list) {
		size_t len = strcspn(list, ",");

		buf_addf(b, "\"%.*s\"", (int)len, list);
		list += len + (list[len] == ',');
		if (*list)
			buf_addc(b, ',');
	}
	buf_addc(b, ']');
}

static void answer_grant(const struct oauth *o, struct exchange *x, const struct grant *g)
{
	struct buf data;

	buf_init(&data, 4096);
	buf_addf(&data, "{\"access_token\":\"%s\",\"advertiser_ids\":", g->token);
	add_list(&data, o->advertisers);
	buf_addf(&data, ",\"scope\":[1,2]");
	if (g->expires_ms)
		buf_addf(&data,
			 ",\"token_type\":\"Bearer\",\"expires_in\":%lld,"
			 "\"refresh_token\":\"%s\",\"refresh_token_expires_in\":31536000",
			 (long long)o->life_s, g->refresh);
	buf_addc(&data, '}');
	exchange_answer_data(x, 200, 0, "OK", buf_str(&data));
	buf_fini(&data);
}

static void exchange_code(struct oauth *o, struct exchange *x)
{
	if (refuse_app(o, x, member(x, "app_id"), member(x, "secret")))
		return;
	if (!oauth_take_code(o, member(x, "auth_code")))
		oauth_refuse(o, x, 200, 40110, "Auth_code is error or expired.",
			     member(x, "auth_code"));
	else
		answer_grant(o, x, oauth_new_grant(o, clock_wall_ms()));
}

static void refresh(struct oauth *o, struct exchange *x)
{
	const struct grant *g;

	if (refuse_app(o, x, member(x, "client_id"), member(x, "client_secret")))
		return;
	if (strcmp(member(x, "grant_type"), "refresh_token") != 0) {
		exchange_answer(x, 200, 40108, "grant_type is not refresh_token");
		return;
	}
	g = oauth_refresh(o, member(x, "refresh_token"), clock_wall_ms());
	if (g)
		answer_grant(o, x, g);
	else
		oauth_refuse(o, x, 200, 40107, "refresh_token is not valid.",
			     member(x, "refresh_token"));
}

static void revoke(struct oauth *o, struct exchange *x)
{
	if (refuse_app(o, x, member(x, "app_id"), member(x, "secret")))
		return;
	if (oauth_revoke(o, member(x, "access_token")))
		exchange_answer(x, 200, 0, "OK");
	else
		oauth_refuse(o, x, 200, 40105, wrong_token, member(x, "access_token"));
}

static void list_advertisers(struct oauth *o, struct exchange *x)
{
	const char *list = o->advertisers;
	struct buf data;

	if (refuse_app(o, x, argument(x, "app_id"), argument(x, "secret")) ||
	    refuse_token(o, x))
		return;
	buf_init(&data, 65536);
	buf_adds(&data, STR("{\"list\":["));
	while (*list) {
		int len = (int)strcspn(list, ",");

		buf_addf(&data,
			 "{\"advertiser_id\":\"%.*s\",\"advertiser_name\":\"Shop %.*s\"}",
			 len, list, len, list);
		list += len + (list[len] == ',');
		if (*list)
			buf_addc(&data, ',');
	}
	buf_adds(&data, STR("]}"));
	exchange_answer_data(x, 200, 0, "OK", buf_str(&data));
	buf_fini(&data);
}

static bool refuse_narrow(const struct oauth *o, struct exchange *x)
{
	if (o->narrow)
		exchange_answer(
			x, 200, 40001,
			"No permission to operate advertiser. You must be an admin "
			"or operator.");
	return o->narrow;
}

static void advertiser_info(struct oauth *o, struct exchange *x)
{
	json_t *ids = json_loads(argument(x, "advertiser_ids"), 0, NULL);
	const char *separator = "";
	struct buf data;

	buf_init(&data, 65536);
	buf_adds(&data, STR("{\"list\":["));
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		if (!id || !*id || !strstr(o->advertisers, id))
			continue;
		buf_addf(&data,
			 "%s{\"advertiser_id\":\"%.64s\",\"timezone\":\"%s\","
			 "\"display_timezone\":\"%s\",\"currency\":\"%s\"}",
			 separator, id, o->timezone, o->timezone, o->currency);
		separator = ",";
	}
	buf_adds(&data, STR("]}"));
	if (!refuse_token(o, x) && !refuse_narrow(o, x))
		exchange_answer_data(x, 200, 0, "OK", buf_str(&data));
	buf_fini(&data);
	json_decref(ids);
}

static long number(const struct exchange *x, const char *name, long otherwise)
{
	long value = strtol(argument(x, name), NULL, 10);

	return value > 0 ? value : otherwise;
}

/* The pixels of a page, and how many there are. */
static int add_page(struct buf *data, const char *list, long page, long size)
{
	int count = 0;

	for (; *list; count++) {
		int len = (int)strcspn(list, ",");

		if (count >= (page - 1) * size && count < page * size)
			buf_addf(data,
				 "%s{\"pixel_id\":\"72%04d\",\"pixel_code\":\"%.*s\","
				 "\"pixel_name\":\"Pixel %d\"}",
				 count > (page - 1) * size ? "," : "", count + 1, len,
				 list, count + 1);
		list += len + (list[len] == ',');
	}
	return count;
}

static void list_pixels(struct oauth *o, struct exchange *x)
{
	const char *id = argument(x, "advertiser_id");
	size_t first = strcspn(o->advertisers, ",");
	bool owner = strlen(id) == first && strncmp(o->advertisers, id, first) == 0;
	long page = number(x, "page", 1), size = number(x, "page_size", 10);
	struct buf data;
	int count;

	if (refuse_token(o, x) || refuse_narrow(o, x))
		return;
	if (size > 20) {
		exchange_answer(x, 200, 40002, "page_size: Must be between 1 and 20.");
		return;
	}
	buf_init(&data, 65536);
	buf_adds(&data, STR("{\"pixels\":["));
	count = add_page(&data, owner ? o->pixels : "", page, size);
	buf_addf(&data,
		 "],\"page_info\":{\"page\":%ld,\"page_size\":%ld,\"total_number\":%d,"
		 "\"total_page\":%ld}}",
		 page, size, count, (count + size - 1) / size);
	exchange_answer_data(x, 200, 0, "OK", buf_str(&data));
	buf_fini(&data);
}

/* A lost answer is one that was meant: what was asked has happened. */
static void serve(struct sandbox *s, struct exchange *x,
		  void (*work)(struct oauth *, struct exchange *))
{
	enum oauth_trouble trouble;

	pthread_mutex_lock(&s->lock);
	trouble = oauth_trouble(&s->oauth);
	if (trouble == OAUTH_FAILS)
		exchange_answer(x, 200, 50000, "System error");
	else
		work(&s->oauth, x);
	pthread_mutex_unlock(&s->lock);
	if (trouble == OAUTH_LOSES)
		x->fault.kind = FAULT_RESET_AFTER;
}

static void serve_body(struct sandbox *s, struct exchange *x,
		       void (*work)(struct oauth *, struct exchange *))
{
	if (read_object(x))
		serve(s, x, work);
}

void oauth_access_token(struct sandbox *s, struct exchange *x)
{
	serve_body(s, x, exchange_code);
}

void oauth_refresh_token(struct sandbox *s, struct exchange *x)
{
	serve_body(s, x, refresh);
}

void oauth_revoke_token(struct sandbox *s, struct exchange *x)
{
	serve_body(s, x, revoke);
}

void oauth_advertisers(struct sandbox *s, struct exchange *x)
{
	serve(s, x, list_advertisers);
}

void oauth_advertiser_info(struct sandbox *s, struct exchange *x)
{
	serve(s, x, advertiser_info);
}

void oauth_pixels(struct sandbox *s, struct exchange *x)
{
	serve(s, x, list_pixels);
}
