/* SPDX-License-Identifier: MIT */
#include "net/oauth.h"

#include "net/authorization.h"
#include "net/perform.h"

#define API "/open_api/v1.3"

enum { ASK_MAX = 32 * 1024, REPLY_MAX = 256 * 1024, REPLY_FIRST = 64 * 1024 };

#define OWNER(ptr) ((struct oauth *)((char *)(ptr)-offsetof(struct oauth, http)))

static void wipe(struct buf *b)
{
	if (b->p)
		OPENSSL_cleanse(b->p, b->cap);
	buf_fini(b);
}

/* Each with room for all it holds: a buffer that moves leaves a copy behind. */
void oauth_init(struct oauth *o, const char *endpoint)
{
	*o = (struct oauth){.endpoint = endpoint};
	buf_init(&o->url, ASK_MAX);
	buf_init(&o->body, ASK_MAX);
	buf_init(&o->reply, REPLY_MAX);
	if (!buf_reserve(&o->url, ASK_MAX) || !buf_reserve(&o->body, ASK_MAX) ||
	    !buf_reserve(&o->reply, REPLY_FIRST))
		abort();
}

void oauth_fini(struct oauth *o)
{
	wipe(&o->url);
	wipe(&o->body);
	wipe(&o->reply);
}

static size_t read_body(struct http_request *r, uint64_t offset, char *out, size_t cap)
{
	const struct buf *body = &OWNER(r)->body;
	size_t left = offset < body->len ? body->len - (size_t)offset : 0;
	size_t len = left < cap ? left : cap;

	memcpy(out, body->p + offset, len);
	return len;
}

static struct str secret_str(const struct secret *s)
{
	return str_make((const char *)s->bytes, s->len);
}

static void begin(struct oauth *o, const char *path, const struct secret *token)
{
	buf_clear(&o->url);
	buf_clear(&o->body);
	buf_clear(&o->reply);
	buf_addf(&o->url, "%s%s", o->endpoint, path);
	o->http = (struct http_request){.token = token, .reply = &o->reply};
}

static void add_argument(struct oauth *o, const char *name, struct str value)
{
	buf_addf(&o->url, "%c%s=", memchr(o->url.p, '?', o->url.len) ? '&' : '?', name);
	authorization_escape(&o->url, value);
}

static void hide(struct oauth *o, const struct secret *a, const struct secret *b)
{
	o->http.hidden[0] = a;
	o->http.hidden[1] = b;
}

static void add_member(struct oauth *o, const char *name, struct str value)
{
	buf_addf(&o->body, "%c\"%s\":\"", o->body.len ? ',' : '{', name);
	buf_add_json(&o->body, value);
	buf_addc(&o->body, '"');
}

static void end(struct oauth *o)
{
	o->http.url = buf_z(&o->url);
	if (o->body.len == 0)
		return;
	buf_addc(&o->body, '}');
	o->http.body_len = o->body.len;
	o->http.read = read_body;
}

void oauth_ask_exchange(struct oauth *o, const struct oauth_app *app,
			const struct secret *code)
{
	begin(o, API "/oauth2/access_token/", NULL);
	hide(o, &app->secret, code);
	add_member(o, "app_id", str_of(app->id));
	add_member(o, "secret", secret_str(&app->secret));
	add_member(o, "auth_code", secret_str(code));
	end(o);
}

void oauth_ask_refresh(struct oauth *o, const struct oauth_app *app,
		       const struct secret *refresh_token)
{
	begin(o, API "/tt_user/oauth2/refresh_token/", NULL);
	hide(o, &app->secret, refresh_token);
	add_member(o, "client_id", str_of(app->id));
	add_member(o, "client_secret", secret_str(&app->secret));
	add_member(o, "grant_type", STR("refresh_token"));
	add_member(o, "refresh_token", secret_str(refresh_token));
	end(o);
}

void oauth_ask_revoke(struct oauth *o, const struct oauth_app *app,
		      const struct secret *token)
{
	begin(o, API "/oauth2/revoke_token/", token);
	hide(o, &app->secret, NULL);
	add_member(o, "app_id", str_of(app->id));
	add_member(o, "secret", secret_str(&app->secret));
	add_member(o, "access_token", secret_str(token));
	end(o);
}

void oauth_ask_advertisers(struct oauth *o, const struct oauth_app *app,
			   const struct secret *token)
{
	begin(o, API "/oauth2/advertiser/get/", token);
	hide(o, &app->secret, NULL);
	add_argument(o, "app_id", str_of(app->id));
	add_argument(o, "secret", secret_str(&app->secret));
	end(o);
}

void oauth_ask_info(struct oauth *o, struct str advertiser_id, const struct secret *token)
{
	struct buf ids;

	buf_init(&ids, 256);
	buf_adds(&ids, STR("[\""));
	buf_add_json(&ids, advertiser_id);
	buf_adds(&ids, STR("\"]"));
	begin(o, API "/advertiser/info/", token);
	add_argument(o, "advertiser_ids", buf_str(&ids));
	add_argument(o, "fields",
		     STR("[\"advertiser_id\",\"name\",\"timezone\",\"currency\"]"));
	end(o);
	buf_fini(&ids);
}

void oauth_ask_pixels(struct oauth *o, struct str advertiser_id, int page,
		      const struct secret *token)
{
	begin(o, API "/pixel/list/", token);
	add_argument(o, "advertiser_id", advertiser_id);
	buf_addf(&o->url, "&page=%d&page_size=%d", page, OAUTH_PAGE);
	end(o);
}

enum err_code oauth_perform(struct oauth *o, const struct http_options *options,
			    struct err *e)
{
	if (perform(&o->http, options, e) != ERR_OK)
		return e->code;
	return oauth_check(o, e);
}

enum err_code oauth_check(const struct oauth *o, struct err *e)
{
	const struct answer *a = &o->http.answer;
	enum verdict v = verdict_of(a);
	bool later = v == VERDICT_RETRY || v == VERDICT_UNKNOWN || v == VERDICT_THROTTLED;

	if (v == VERDICT_DELIVERED)
		return ERR_OK;
	if (a->transport != TRANSPORT_ANSWERED)
		return err_set(e, ERR_UNAVAILABLE, "TikTok cannot be reached: %s",
			       o->http.error);
	if (!a->has_code)
		return err_set(e, later ? ERR_UNAVAILABLE : ERR_PERM,
			       "HTTP %d without TikTok's answer", a->http_status);
	return err_set(e, later ? ERR_UNAVAILABLE : ERR_PERM,
		       "TikTok %s: HTTP %d, code %lld: %s",
		       later ? "cannot answer now" : "refuses", a->http_status,
		       (long long)a->code, a->message);
}

bool oauth_is_unknown_token(const struct oauth *o)
{
	const struct answer *a = &o->http.answer;

	return a->transport == TRANSPORT_ANSWERED && a->has_code &&
	       (a->code == 40102 || a->code == 40104 || a->code == 40105);
}
