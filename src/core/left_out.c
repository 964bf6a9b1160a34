/* SPDX-License-Identifier: MIT */
#include "core/left_out.h"

#include <stdio.h>
#include <string.h>

#include "core/decimal.h"
#include "core/glyph.h"
#include "core/item.h"
#include "core/json_list.h"
#include "core/personal.h"
#include "core/sha256_hex.h"
#include "core/url.h"

enum {
	WEB = 1 << SOURCE_WEB,
	APP = 1 << SOURCE_APP,
	CRM = 1 << SOURCE_CRM,
	NAME_SHOWN = 40,
	NAMES_MAX = 400, /* bytes of a list of them */
};

/* The sources that take a member; 0: all. */
static const unsigned char sources[FIELD_COUNT] = {
	[FIELD_URL] = WEB,
	[FIELD_REFERRER] = WEB,
	[FIELD_EXTERNAL_ID] = WEB | CRM,
	[FIELD_TTCLID] = WEB,
	[FIELD_TTP] = WEB,
	[FIELD_IP] = WEB | APP,
	[FIELD_USER_AGENT] = WEB | APP,
	[FIELD_LOCALE] = WEB | APP,
	[FIELD_FIRST_NAME] = WEB,
	[FIELD_LAST_NAME] = WEB,
	[FIELD_CITY] = WEB,
	[FIELD_STATE] = WEB,
	[FIELD_COUNTRY] = WEB,
	[FIELD_ZIP_CODE] = WEB,
	[FIELD_IDFA] = APP,
	[FIELD_IDFV] = APP,
	[FIELD_GAID] = APP,
	[FIELD_ATT_STATUS] = APP,
	[FIELD_CUSTOMER_TYPE] = WEB | APP,
	[FIELD_APP_ID] = APP,
	[FIELD_APP_NAME] = APP,
	[FIELD_APP_VERSION] = APP,
	[FIELD_CALLBACK] = APP,
	[FIELD_CAMPAIGN_ID] = WEB | APP,
	[FIELD_AD_ID] = WEB | APP,
	[FIELD_CREATIVE_ID] = WEB | APP,
	[FIELD_IS_RETARGETING] = APP,
	[FIELD_ATTRIBUTED] = APP,
	[FIELD_ATTRIBUTION_TYPE] = APP,
	[FIELD_ATTRIBUTION_PROVIDER] = WEB | APP,
	[FIELD_ATTRIBUTION_SHARE] = WEB | APP,
	[FIELD_LEAD_ID] = CRM,
	[FIELD_LEAD_EVENT_SOURCE] = CRM,
};

static bool is_persons(enum field f)
{
	return f >= FIELD_EMAIL && f <= FIELD_GAID && f != FIELD_TTCLID &&
	       f != FIELD_LOCALE;
}

struct names {
	char text[NAMES_MAX];
	size_t len;
};

static void add_name(struct names *n, struct str name)
{
	char shown[NAME_SHOWN + 1];

	/* Escapes could hide an address. */
	if (holds_email(name) || phone_in(name).len > 0 ||
	    (name.len > 0 && memchr(name.p, '\\', name.len)) ||
	    n->len + NAME_SHOWN + 3 > sizeof(n->text))
		return;
	glyph_copy(shown, sizeof(shown), name);
	n->len += (size_t)snprintf(n->text + n->len, sizeof(n->text) - n->len, "%s%s",
				   n->len ? ", " : "", shown);
}

struct search {
	const struct conversion *c;
	const struct destination_rules *d;
	const struct trace *t;
	bool pii;
	size_t sent[FIELD_COUNT]; /* values of each */
	struct names denied, foreign, unknown;
};

static void tell(const struct search *s, struct str names, const char *why)
{
	char text[NAMES_MAX + 100];

	snprintf(text, sizeof(text), "%.*s: %s", STR_ARG(names), why);
	s->t->line(s->t->arg, "left out", text);
}

static void tell_names(const struct search *s, const struct names *n, const char *why)
{
	if (n->len)
		tell(s, str_make(n->text, n->len), why);
}

static size_t count_values(const struct json *j, uint32_t at)
{
	size_t count = 0;

	if (j->t[at].type == TOKEN_STRING)
		return j->t[at].end > j->t[at].start;
	if (!json_is_list(j, at))
		return j->t[at].type != TOKEN_OBJECT || j->t[at].next > at + 1;
	for (uint32_t item = json_list_first(j, at); item < j->t[at].next;
	     item = json_list_next(j, at, item))
		count++;
	return count;
}

static void count_members(struct search *s, const struct json *j, uint32_t object,
			  enum field parent)
{
	if (j->t[object].type != TOKEN_OBJECT)
		return;
	for (uint32_t key = object + 1; key < j->t[object].next;
	     key = j->t[key + 1].next) {
		enum field field = field_of(parent, json_bytes(j, key));

		if (field == FIELD_NONE)
			continue;
		s->sent[field] = count_values(j, key + 1);
		if (parent == FIELD_NONE)
			count_members(s, j, key + 1, field);
	}
}

static void read_event(struct search *s, struct str event)
{
	struct json j;

	json_init(&j);
	if (json_scan(&j, event) == JSON_OK)
		count_members(s, &j, 0, FIELD_NONE);
	json_fini(&j);
}

/* Members of a name that nobody knows; of properties they go out as they are. */
static void note_unknown(struct search *s, uint32_t object, enum field parent)
{
	const struct json *j = s->c->json;

	if (object == JSON_NONE && parent != FIELD_NONE)
		return;
	if (j->t[object].type != TOKEN_OBJECT)
		return;
	for (uint32_t key = object + 1; key < j->t[object].next; key = j->t[key + 1].next)
		if (field_of(parent, json_bytes(j, key)) == FIELD_NONE &&
		    !(parent == FIELD_CONTENTS && item_other_is_sent(j, object, key + 1)))
			add_name(&s->unknown, json_bytes(j, key));
}

/* Of one item: others are of its kind. */
static void note_unknown_item(struct search *s)
{
	const struct json *j = s->c->json;
	uint32_t at = s->c->at[FIELD_CONTENTS];

	if (at != JSON_NONE && json_is_list(j, at) && j->t[at].next > at + 1)
		at = json_list_first(j, at);
	if (at == JSON_NONE || j->t[at].type != TOKEN_OBJECT)
		return;
	note_unknown(s, at, FIELD_CONTENTS);
}

/* Whether the item at `at` has half of something. */
static bool has_part(const struct json *j, uint32_t at)
{
	uint32_t quantity = JSON_NONE;
	struct decimal number;

	if (j->t[at].type == TOKEN_OBJECT)
		quantity = json_find(j, at, STR("quantity"));
	return quantity != JSON_NONE &&
	       decimal_read(str_trim(json_bytes(j, quantity)), &number) &&
	       decimal_has_fraction(&number);
}

static void look_at_quantities(const struct search *s)
{
	const struct json *j = s->c->json;
	uint32_t at = s->c->at[FIELD_CONTENTS];
	bool found = false;

	if (at == JSON_NONE)
		return;
	if (!json_is_list(j, at))
		found = has_part(j, at);
	else
		for (uint32_t item = json_list_first(j, at);
		     item < j->t[at].next && !found; item = json_list_next(j, at, item))
			found = has_part(j, item);
	if (found)
		tell(s, STR("quantity"), "not a whole number");
}

static void note_all_unknown(struct search *s)
{
	static const enum field groups[] = {FIELD_CONSENT, FIELD_PAGE, FIELD_USER,
					    FIELD_APP,     FIELD_AD,   FIELD_LEAD};

	note_unknown(s, 0, FIELD_NONE);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		note_unknown(s, s->c->at[groups[i]], groups[i]);
	note_unknown_item(s);
}

/* Of the member in which the value at `at` is, or the list around it. */
static struct str name_at(const struct json *j, uint32_t at)
{
	return json_bytes(j, at - 1 - (j->t[at - 1].type == TOKEN_ARRAY));
}

static void tell_list(const struct search *s, enum field f, size_t own)
{
	char why[100];

	snprintf(why, sizeof(why),
		 "%zu of its %zu values: not readable, or the same as another",
		 own - s->sent[f], own);
	tell(s, name_at(s->c->json, s->c->at[f]), why);
}

static void look_at(struct search *s, enum field f)
{
	uint32_t at = s->c->at[f];
	const struct json *j = s->c->json;
	size_t own = count_values(j, at);

	if (own <= s->sent[f])
		return;
	if (sources[f] && !(sources[f] & 1 << s->d->source))
		add_name(&s->foreign, name_at(j, at));
	else if (is_persons(f) && !s->pii)
		add_name(&s->denied, name_at(j, at));
	else if (s->sent[f] > 0)
		tell_list(s, f, own);
	/* A hash in the place of what was sent is no trouble of the producer's. */
	else if (!is_sha256_hex(json_bytes(j, at)))
		tell(s, name_at(j, at), "nothing readable in it");
}

/* Another page may have taken its place. */
static void look_at_url(const struct search *s)
{
	uint32_t at = s->c->at[FIELD_URL];

	if (s->d->source == SOURCE_WEB && at != JSON_NONE &&
	    !url_is_http(str_trim(json_bytes(s->c->json, at))))
		tell(s, STR("page.url"), "it does not begin with http:// or https://");
}

void left_out_tell(const struct conversion *c, const struct decision *dec,
		   const struct destination_rules *d, struct str event,
		   const struct trace *t)
{
	struct search s = {.c = c, .d = d, .t = t, .pii = dec->pii && d->pii_hashed};
	char foreign[60];

	look_at_url(&s);
	if (event.len == 0)
		return;
	read_event(&s, event);
	for (enum field f = FIELD_REFERRER; f <= FIELD_LEAD_EVENT_SOURCE; f++)
		if (c->at[f] != JSON_NONE)
			look_at(&s, f);
	look_at_quantities(&s);
	note_all_unknown(&s);
	snprintf(foreign, sizeof(foreign), "none are sent for the source %s",
		 source_word(d->source));
	tell_names(&s, &s.foreign, foreign);
	tell_names(&s, &s.denied,
		   d->pii_hashed ? "ad_user_data is not granted"
				 : "the destination takes none (--pii none)");
	tell_names(&s, &s.unknown, "not among the documented names");
}
