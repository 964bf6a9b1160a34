/* SPDX-License-Identifier: MIT */
#include "run/routing.h"

#include <stdio.h>

#include "core/country.h"
#include "core/nobody.h"
#include "core/normalize.h"
#include "core/real_text.h"
#include "core/sha256_hex.h"
#include "core/shape.h"
#include "core/touch.h"
#include "core/url.h"

/* Whether the text is one that would be sent. */
static bool is_identifier(struct judge *j, enum field field, struct str text)
{
	struct buf *normal = &j->scratch.more;
	const char *country;
	char own[3];

	text = str_trim(text);
	if (text.len == 0)
		return false;
	if (is_sha256_hex(text))
		return whose_hash(text) != HASH_OF_NOBODY;
	country = identifier_country(&j->conversion, config_country(j->config), normal,
				     own);
	buf_clear(normal);
	switch (field) {
	case FIELD_EMAIL: return normalize_email(text, normal);
	case FIELD_PHONE: return normalize_phone(text, country, normal);
	default:
		return !stands_for_nobody(real_text_whole(text)) &&
		       normalize_external_id(text, normal);
	}
}

/* A text, a number, or a list with one of them in it. */
static bool has_identifier(struct judge *j, enum field field, uint32_t at)
{
	const struct json *json = j->conversion.json;

	if (at == JSON_NONE)
		return false;
	if (json->t[at].type != TOKEN_ARRAY)
		return is_identifier(j, field,
				     conversion_id(&j->conversion, at, &j->scratch.text));
	for (uint32_t i = at + 1; i < json->t[at].next; i = json->t[i].next)
		if (has_identifier(j, field, i))
			return true;
	return false;
}

static bool is_click_id(struct str text)
{
	text = str_trim(text);
	return text.len > 0 && text.len <= TTCLID_MAX && !click_id_is_placeholder(text);
}

static bool has_ttclid(struct judge *j)
{
	const struct conversion *c = &j->conversion;
	struct str url;

	if (is_click_id(conversion_text(c, c->at[FIELD_TTCLID], &j->scratch.text)))
		return true;
	for (size_t i = 0; i < j->config->count; i++)
		if (j->rulings[i].ttclid.len > 0)
			return true;
	url = conversion_text(c, c->at[FIELD_URL], &j->scratch.text);
	if (url.len == 0)
		url = j->rulings[0].known->page_url;
	buf_clear(&j->scratch.more);
	return url_ttclid(url, &j->scratch.more) &&
	       is_click_id(buf_str(&j->scratch.more));
}

static uint8_t has_of(struct judge *j)
{
	const uint32_t *at = j->conversion.at;
	const struct enrichment *known = j->rulings[0].known;
	unsigned has = 0;

	if (has_identifier(j, FIELD_EMAIL, at[FIELD_EMAIL]) || known->emails[0].len > 0)
		has |= ROUTE_EMAIL;
	if (has_identifier(j, FIELD_PHONE, at[FIELD_PHONE]) || known->phones[0].len > 0)
		has |= ROUTE_PHONE;
	if (has_identifier(j, FIELD_EXTERNAL_ID, at[FIELD_EXTERNAL_ID]) ||
	    known->external_id.len > 0)
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

/* By its code, where it is given by its name. */
static struct str country_of(struct judge *j, char own[3])
{
	const struct conversion *c = &j->conversion;
	struct str given = member(c, FIELD_COUNTRY);
	const char *code = country_code(
		conversion_text(c, c->at[FIELD_COUNTRY], &j->scratch.text), own);

	return code ? str_of(code) : given;
}

static void gather(struct judge *j, struct route_facts *f, char country[3])
{
	const struct conversion *c = &j->conversion;

	*f = (struct route_facts){
		.event_id = j->event_id,
		.event = c->event,
		.country = country_of(j, country),
		.value = member(c, FIELD_VALUE),
		.currency = member(c, FIELD_CURRENCY),
		.has = has_of(j),
	};
	consent_of(c, j->rulings[0].known, &f->consent);
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
	char country[3];

	if (routes->count == 0) {
		tell(t, "there are no routes: every destination");
		return REASON_NONE;
	}
	gather(j, &facts, country);
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
