/* SPDX-License-Identifier: MIT */
#include "oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

void oauth_init(struct oauth *o)
{
	*o = (struct oauth){.app_id = "7000000000000000001",
			    .app_secret = "sandbox-app-secret",
			    .advertisers = "7100000000000000001",
			    .pixels = "PIXEL1",
			    .timezone = "Europe/Berlin",
			    .currency = "EUR"};
}

static void copy(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from);
}

static void set_app(struct oauth *o, const char *value)
{
	size_t len = strcspn(value, ":");

	snprintf(o->app_id, sizeof(o->app_id), "%.*s", (int)len, value);
	copy(o->app_secret, sizeof(o->app_secret), value[len] ? value + len + 1 : "");
}

/* Each grant that the text names, or all of them. */
static void end_grants(struct oauth *o, const char *which, bool expire)
{
	for (size_t i = 0; i < o->grant_count; i++) {
		struct grant *g = &o->grants[i];

		if (strcmp(which, "all") != 0 && strcmp(which, g->token) != 0)
			continue;
		if (expire)
			g->expires_ms = 1;
		else
			g->revoked = true;
	}
}

static bool set_number(struct oauth *o, const char *name, const char *value)
{
	long long number = strtoll(value, NULL, 10);

	if (strcmp(name, "life") == 0)
		o->life_s = number;
	else if (strcmp(name, "fails") == 0)
		o->fails = number;
	else if (strcmp(name, "loses") == 0)
		o->loses = number;
	else if (strcmp(name, "keep") == 0)
		o->keep = number != 0;
	else if (strcmp(name, "deny") == 0)
		o->deny = number != 0;
	else if (strcmp(name, "narrow") == 0)
		o->narrow = number != 0;
	else if (strcmp(name, "echo") == 0)
		o->echo = number != 0;
	else
		return false;
	return true;
}

static bool set_text(struct oauth *o, const char *name, const char *value)
{
	if (strcmp(name, "app") == 0)
		set_app(o, value);
	else if (strcmp(name, "advertisers") == 0)
		copy(o->advertisers, sizeof(o->advertisers), value);
	else if (strcmp(name, "pixels") == 0)
		copy(o->pixels, sizeof(o->pixels), value);
	else if (strcmp(name, "timezone") == 0)
		copy(o->timezone, sizeof(o->timezone), value);
	else if (strcmp(name, "currency") == 0)
		copy(o->currency, sizeof(o->currency), value);
	else if (strcmp(name, "revoke") == 0 || strcmp(name, "expire") == 0)
		end_grants(o, value, name[0] == 'e');
	else
		return false;
	return true;
}

enum err_code oauth_set(struct oauth *o, const char *setting, struct err *e)
{
	size_t len = strcspn(setting, "=");
	char name[24];

	snprintf(name, sizeof(name), "%.*s", (int)len, setting);
	if (setting[len] == '=' && len < sizeof(name) &&
	    (set_number(o, name, setting + len + 1) ||
	     set_text(o, name, setting + len + 1)))
		return ERR_OK;
	return err_set(e, ERR_USAGE, "'%s' is no setting of OAuth", setting);
}

static void make_text(char *out, const char *kind)
{
	snprintf(out, OAUTH_TEXT, "%s-%016llx%016llx", kind,
		 (unsigned long long)clock_random(), (unsigned long long)clock_random());
}

const char *oauth_new_code(struct oauth *o)
{
	size_t i = o->code_count++ % OAUTH_CODES;

	make_text(o->codes[i].text, "code");
	o->codes[i].used = false;
	o->authorized++;
	return o->codes[i].text;
}

bool oauth_take_code(struct oauth *o, const char *code)
{
	for (size_t i = 0; i < OAUTH_CODES; i++) {
		if (!o->codes[i].text[0] || strcmp(o->codes[i].text, code) != 0)
			continue;
		if (o->codes[i].used)
			return false;
		o->codes[i].used = true;
		return true;
	}
	return false;
}

static void renew(struct oauth *o, struct grant *g, int64_t now_ms)
{
	*g = (struct grant){.expires_ms = o->life_s ? now_ms + o->life_s * 1000 : 0};
	make_text(g->token, "act");
	if (o->life_s)
		make_text(g->refresh, "rft");
}

struct grant *oauth_new_grant(struct oauth *o, int64_t now_ms)
{
	struct grant *g;

	if (o->grant_count == OAUTH_GRANTS)
		memmove(o->grants, o->grants + 1, sizeof(*g) * --o->grant_count);
	g = &o->grants[o->grant_count++];
	renew(o, g, now_ms);
	o->exchanged++;
	return g;
}

struct grant *oauth_refresh(struct oauth *o, const char *refresh, int64_t now_ms)
{
	for (size_t i = 0; i < o->grant_count; i++) {
		struct grant *g = &o->grants[i];

		if (g->revoked || !g->refresh[0] || strcmp(g->refresh, refresh) != 0)
			continue;
		renew(o, g, now_ms);
		if (o->keep)
			copy(g->refresh, sizeof(g->refresh), refresh);
		o->refreshed++;
		return g;
	}
	return NULL;
}

/* OAUTH_GRANTS where there is none. */
static size_t find(const struct oauth *o, const char *token)
{
	for (size_t i = 0; i < o->grant_count; i++)
		if (strcmp(o->grants[i].token, token) == 0)
			return i;
	return OAUTH_GRANTS;
}

bool oauth_revoke(struct oauth *o, const char *token)
{
	size_t i = find(o, token);

	if (i == OAUTH_GRANTS || o->grants[i].revoked)
		return false;
	o->grants[i].revoked = true;
	o->revoked++;
	return true;
}

int oauth_token_code(const struct oauth *o, const char *token, int64_t now_ms)
{
	size_t i = find(o, token);
	int64_t expires_ms;

	if (i == OAUTH_GRANTS)
		return str_starts(str_of(token), STR("act-")) ? 40105 : -1;
	if (o->grants[i].revoked)
		return 40105;
	expires_ms = o->grants[i].expires_ms;
	return expires_ms && expires_ms <= now_ms ? 40102 : 0;
}

enum oauth_trouble oauth_trouble(struct oauth *o)
{
	o->asked++;
	if (o->fails > 0) {
		o->fails--;
		return OAUTH_FAILS;
	}
	if (o->loses > 0) {
		o->loses--;
		return OAUTH_LOSES;
	}
	return OAUTH_FINE;
}
