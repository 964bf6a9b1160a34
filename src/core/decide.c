/* SPDX-License-Identifier: MIT */
#include "core/decide.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/glyph.h"
#include "core/personal.h"
#include "core/sha256_hex.h"
#include "core/time_zone.h"

enum { TIME_SHOWN = 40 };

static void tell(const struct trace *t, const char *step, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void tell(const struct trace *t, const char *step, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!t)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	t->line(t->arg, step, text);
}

/* A signal of the payload: absent or empty says nothing, what is no text says no. */
static void read_signal(const struct conversion *c, enum field field, unsigned char *out)
{
	uint32_t at = c->at[field];
	enum signal signal = SIGNAL_DENIED;

	if (at == JSON_NONE)
		return;
	if (c->json->t[at].type == TOKEN_STRING &&
	    !(c->json->t[at].flags & TOKEN_ESCAPED))
		signal = consent_signal(json_bytes(c->json, at));
	if (signal != SIGNAL_UNSPECIFIED)
		*out = (unsigned char)signal;
}

static void deny_all(struct consent *out)
{
	*out = (struct consent){SIGNAL_DENIED, SIGNAL_DENIED, SIGNAL_DENIED,
				SIGNAL_DENIED, true};
}

/* One of Google's strings; one that cannot be read says no. An empty list is what PHP writes for no
 * signals at all, and says nothing. */
static void read_google(const struct conversion *c, uint32_t at, struct consent *out)
{
	struct str text;

	if (at == JSON_NONE ||
	    (c->json->t[at].type == TOKEN_ARRAY && c->json->t[at].next == at + 1))
		return;
	text = str_trim(json_bytes(c->json, at));
	if (text.len == 0)
		return;
	if (c->json->t[at].type != TOKEN_STRING ||
	    !(consent_from_gcd(text, out) || consent_from_gcs(text, out)))
		deny_all(out);
}

/* gcd knows more than gcs, which can only deny beside it. */
static void read_googles(const struct conversion *c, struct consent *out)
{
	struct consent gcs = {.stated = false};

	read_google(c, c->at[FIELD_GCD], out);
	read_google(c, c->at[FIELD_GCS], &gcs);
	if (!out->stated)
		*out = gcs;
	else
		consent_deny(out, &gcs);
}

static bool says_something(const struct consent *c)
{
	return c->ad_user_data != SIGNAL_UNSPECIFIED ||
	       c->ad_personalization != SIGNAL_UNSPECIFIED ||
	       c->ad_storage != SIGNAL_UNSPECIFIED ||
	       c->analytics_storage != SIGNAL_UNSPECIFIED;
}

/* What one of them denies is denied: another may be a duplicate's. */
static void payload_consent(const struct conversion *c, struct consent *out)
{
	struct consent google = {.stated = false};
	uint32_t at = c->at[FIELD_CONSENT];

	*out = (struct consent){.stated = false};
	if (at == JSON_NONE)
		return;
	if (c->json->t[at].type != TOKEN_OBJECT) {
		read_google(c, at, out);
	} else {
		if (c->at[FIELD_GCD] != JSON_NONE || c->at[FIELD_GCS] != JSON_NONE)
			read_googles(c, &google);
		read_signal(c, FIELD_AD_USER_DATA, &out->ad_user_data);
		read_signal(c, FIELD_AD_PERSONALIZATION, &out->ad_personalization);
		read_signal(c, FIELD_AD_STORAGE, &out->ad_storage);
		read_signal(c, FIELD_ANALYTICS_STORAGE, &out->analytics_storage);
		if (google.stated) {
			consent_complete(out, &google);
			consent_deny(out, &google);
		}
	}
	out->stated = says_something(out);
}

void consent_of(const struct conversion *c, const struct enrichment *e,
		struct consent *out)
{
	payload_consent(c, out);
	if (!e || !e->consent.stated)
		return;
	consent_complete(out, &e->consent);
	consent_deny(out, &e->withdrawn);
}

static enum reason decide_event(const struct conversion *c,
				const struct destination_rules *d,
				const struct event_map *map, struct decision *out,
				const struct trace *t)
{
	out->event = d->source == SOURCE_APP ? event_map_find_app(map, d->id, c->event)
					     : event_map_find(map, d->id, c->event);
	if (!out->event) {
		tell(t, "map", "\"%.*s\" is not mapped", STR_ARG(c->event));
		return REASON_NOT_MAPPED;
	}
	tell(t, "map", "\"%.*s\" is \"%.*s\"", STR_ARG(c->event),
	     STR_ARG(out->event->tiktok_event));
	return REASON_NONE;
}

/* The value tells how it is to be mended, unless it tells who somebody is, or did. */
static void tell_bad_time(const struct event_time *at, const struct trace *t)
{
	char shown[TIME_SHOWN + 1];

	if (at->kind == EVENT_TIME_INTEGER)
		tell(t, "time", "no time can be read from %lld", (long long)at->integer);
	else if (at->kind == EVENT_TIME_REAL)
		tell(t, "time", "no time can be read from %g", at->real);
	else if (holds_email(at->text) || phone_in(at->text).len > 0 ||
		 holds_sha256_hex(at->text))
		tell(t, "time", "no time can be read from it");
	else {
		glyph_copy(shown, sizeof(shown), at->text);
		tell(t, "time", "no time can be read from '%s%s'", shown,
		     at->text.len > TIME_SHOWN ? "…" : "");
	}
}

/* What the instant was read from, unless the producer wrote it out. */
static void add_origin(struct buf *out, const struct conversion *c,
		       const struct destination_rules *d)
{
	char shown[TIME_SHOWN + 1];

	if (event_time_needs_zone(&c->event_time)) {
		glyph_copy(shown, sizeof(shown), str_trim(c->event_time.text));
		buf_addf(out, ", from '%s' in %s", shown,
			 d->zone_name[0] ? d->zone_name : "UTC");
	} else if (c->event_time.kind == EVENT_TIME_NONE && c->row->undated) {
		buf_adds(out, STR(", when it was read, as created_at holds no time"));
	} else if (c->event_time.kind == EVENT_TIME_NONE) {
		buf_adds(out, STR(", when the row was made"));
	}
}

/* As the other times of a story: UTC. `wrong`: what is wrong with it, or "". */
static void tell_time(const struct trace *t, const struct conversion *c,
		      const struct destination_rules *d, int64_t at, const char *wrong)
{
	struct buf text;
	size_t bare;

	if (!t)
		return;
	buf_init(&text, 256);
	if (at >= 0 && at < EVENT_TIME_END) {
		civil_format(at, 0, &text);
		text.len -= strlen("+00:00");
		buf_addc(&text, 'Z');
	} else {
		buf_add_i64(&text, at);
	}
	bare = text.len;
	add_origin(&text, c, d);
	tell(t, "time", "%s%s%s", buf_z(&text), *wrong && text.len > bare ? "," : "",
	     wrong);
	buf_fini(&text);
}

static void tell_future(const struct trace *t, const struct conversion *c,
			const struct destination_rules *d, int64_t at, int64_t now)
{
	char wrong[48];

	snprintf(wrong, sizeof(wrong), " is %lld s ahead", (long long)(at - now));
	tell_time(t, c, d, at, wrong);
}

static enum reason decide_time(const struct conversion *c,
			       const struct destination_rules *d, int64_t now_ms,
			       struct decision *out, const struct trace *t)
{
	int64_t now = now_ms / 1000, at = c->row->created_ms / 1000;

	if (c->event_time.kind != EVENT_TIME_NONE &&
	    !event_time_resolve(&c->event_time, d->zone, &at)) {
		if (t)
			tell_bad_time(&c->event_time, t);
		return REASON_BAD_TIME;
	}
	out->event_time = at;
	out->utc_offset_s = zone_offset(d->zone, at);
	if (now_ms && at > now + FUTURE_MAX_S) {
		tell_future(t, c, d, at, now);
		return REASON_FUTURE_TIME;
	}
	if (now_ms && at < now - AGE_MAX_S) {
		tell_time(t, c, d, at, " is more than 28 days ago");
		return REASON_TOO_OLD;
	}
	tell_time(t, c, d, at, "");
	return REASON_NONE;
}

static bool is_denied(unsigned char signal, bool strict)
{
	return signal == SIGNAL_DENIED || (strict && signal != SIGNAL_GRANTED);
}

static enum reason decide_consent(const struct conversion *c,
				  const struct destination_rules *d,
				  const struct enrichment *e, struct decision *out,
				  const struct trace *t)
{
	const struct consent *said = &out->consent;

	consent_of(c, e, &out->consent);
	out->pii = said->ad_user_data == SIGNAL_GRANTED;
	if (d->source == SOURCE_WEB || d->source == SOURCE_APP)
		out->limited_data_use = !out->pii;
	if (t)
		tell(t, "consent",
		     "ad_user_data %s, ad_personalization %s, ad_storage %s, "
		     "analytics_storage %s%s",
		     consent_signal_word(said->ad_user_data),
		     consent_signal_word(said->ad_personalization),
		     consent_signal_word(said->ad_storage),
		     consent_signal_word(said->analytics_storage),
		     d->consent_strict ? "; strict: what nobody granted counts as denied"
				       : "");
	if (is_denied(said->ad_storage, d->consent_strict) ||
	    is_denied(said->analytics_storage, d->consent_strict))
		return REASON_CONSENT_DENIED;
	return REASON_NONE;
}

void decide_traced(const struct conversion *c, const struct destination_rules *d,
		   const struct event_map *map, const struct enrichment *e,
		   int64_t now_ms, struct decision *out, const struct trace *t)
{
	*out = (struct decision){.limited_data_use = -1};
	out->reason = decide_event(c, d, map, out, t);
	if (out->reason == REASON_NONE)
		out->reason = decide_time(c, d, now_ms, out, t);
	if (out->reason == REASON_NONE)
		out->reason = decide_consent(c, d, e, out, t);
	if (out->reason != REASON_NONE)
		tell(t, "decision", "%s: %s", status_word(reason_status(out->reason)),
		     reason_word(out->reason));
}
