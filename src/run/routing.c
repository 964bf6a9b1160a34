/* SPDX-License-Identifier: MIT */
#include "run/routing.h"

#include <stdio.h>

#include "core/url.h"

/* A text, a number, or a list with one of them in it, that is not blank. */
static bool says_something(struct judge *j, uint32_t at)
{
	const struct json *json = j->conversion.json;

	if (at == JSON_NONE)
		return false;
	if (json->t[at].type != TOKEN_ARRAY)
		return str_trim(conversion_id(&j->conversion, at, &j->scratch.text)).len >
		       0;
	for (uint32_t i = at + 1; i < json->t[at].next; i = json->t[i].next)
		if (says_something(j, i))
			return true;
	return false;
}

static bool has_ttclid(struct judge *j)
{
	const struct conversion *c = &j->conversion;
	struct str url;

	if (says_something(j, c->at[FIELD_TTCLID]))
		return true;
	for (size_t i = 0; i < j->config->count; i++)
		if (j->rulings[i].ttclid.len > 0)
			return true;
	url = conversion_text(c, c->at[FIELD_URL], &j->scratch.text);
	buf_clear(&j->scratch.more);
	return url_query_param(url.len ? url : j->enrichment.page_url, STR("ttclid"),
			       &j->scratch.more);
}

static uint8_t has_of(struct judge *j)
{
	const uint32_t *at = j->conversion.at;
	const struct enrichment *known = &j->enrichment;
	unsigned has = 0;

	if (says_something(j, at[FIELD_EMAIL]) || known->emails[0].len > 0)
		has |= ROUTE_EMAIL;
	if (says_something(j, at[FIELD_PHONE]) || known->phones[0].len > 0)
		has |= ROUTE_PHONE;
	if (says_something(j, at[FIELD_EXTERNAL_ID]) || known->external_id.len > 0)
		has |= ROUTE_EXTERNAL_ID;
	if (has_ttclid(j))
		has |= ROUTE_TTCLID;
	return (uint8_t)has;
}

/* As it is written; escapes are for no country, amount or currency that is one. */
static struct str member(const struct conversion *c, enum field field)
{
	uint32_t at = c->at[field];

	return at == JSON_NONE ? STR_NONE : json_bytes(c->json, at);
}

static void gather(struct judge *j, struct route_facts *f)
{
	const struct conversion *c = &j->conversion;

	*f = (struct route_facts){
		.event_id = j->event_id,
		.event = c->event,
		.country = member(c, FIELD_COUNTRY),
		.value = member(c, FIELD_VALUE),
		.currency = member(c, FIELD_CURRENCY),
		.has = has_of(j),
	};
	consent_of(c, &j->enrichment, &f->consent);
	for (size_t i = 0; i < j->config->count && f->tiktok_event.len == 0; i++)
		if (j->rulings[i].decision.event)
			f->tiktok_event = j->rulings[i].decision.event->tiktok_event;
}

static void tell(const struct trace *t, const char *text)
{
	if (t)
		t->line(t->arg, "route", text);
}

static void looked(void *arg, const struct route *route, enum route_miss miss)
{
	char text[128];

	if (miss == ROUTE_MATCHES)
		snprintf(text, sizeof(text), "route %lld matches", (long long)route->id);
	else
		snprintf(text, sizeof(text), "route %lld does not match: %s",
			 (long long)route->id, route_miss_word(miss));
	tell(arg, text);
}

static bool is_target(const struct route *r, int32_t destination_id)
{
	for (size_t i = 0; i < r->target_count; i++)
		if (r->targets[i] == destination_id)
			return true;
	return false;
}

static enum reason keep_targets(struct judge *j, const struct route *r,
				const struct trace *t)
{
	bool any = false;

	for (size_t i = 0; i < j->config->count; i++) {
		struct ruling *ruling = &j->rulings[i];

		ruling->routed = is_target(r, ruling->destination->rules.id);
		any |= ruling->routed;
	}
	if (!any)
		tell(t, "the route's destinations are removed");
	return any ? REASON_NONE : REASON_NO_ROUTE;
}

enum reason routing_apply(struct judge *j, const struct trace *t)
{
	const struct routes *routes = &j->config->routes;
	struct route_trace trace = {looked, (void *)t};
	const struct route *route;
	struct route_facts facts;
	enum reason reason;

	if (routes->count == 0) {
		tell(t, "there are no routes: every destination");
		return REASON_NONE;
	}
	gather(j, &facts);
	route = route_match(routes->list, routes->count, &facts, t ? &trace : NULL);
	if (!route) {
		tell(t, "no route matches: every destination");
		return REASON_NONE;
	}
	reason = route_verdict(route, j->event_id);
	if (reason != REASON_NONE)
		tell(t, reason == REASON_ROUTED_AWAY ? "the route drops it"
						     : "it is not in the route's sample");
	return reason == REASON_NONE ? keep_targets(j, route, t) : reason;
}
