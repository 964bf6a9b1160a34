/* SPDX-License-Identifier: MIT */
#include "core/decimal.h"
#include "core/shape_parts.h"
#include "core/url.h"

bool shape_url_ttclid(struct shaper *sh, struct str url, struct buf *out)
{
	struct str own = conversion_text(sh->c, sh->c->at[FIELD_URL], &sh->s->text);

	if (own.len > 0 && url_ttclid(own, out))
		return true;
	return url.len > 0 && url_ttclid(url, out);
}

static bool sends_ids(const struct shaper *sh)
{
	return sh->dec->pii && sh->d->pii_hashed;
}

/* The address without what must not leave in it. */
static __attribute__((noinline)) struct str scrubbed(struct shaper *sh, struct str url)
{
	buf_clear(&sh->s->more);
	if (sends_ids(sh))
		url_scrub(url, &sh->s->more);
	else
		url_scrub_anonymous(url, &sh->s->more);
	return buf_str(&sh->s->more);
}

/* A member with the scrubbed address; false where it is none that a browser opens. */
static bool put_url(struct shaper *sh, struct str label, struct str url, bool harmless)
{
	url = str_trim(url);
	if (url.len == 0 || !url_is_http(url))
		return false;
	if (!sends_ids(sh) || (!harmless && !url_is_harmless(url))) {
		url = scrubbed(sh, url);
		if (!url_is_http(url)) /* it was a name without a host */
			return false;
	}
	put_text(sh->out, label, url);
	return true;
}

/* The app that the person came from, as its package and path: what apps write behind them is
 * no campaign's. Apart, as hardly any event comes out of one. */
static __attribute__((noinline)) bool put_app_referrer(struct shaper *sh, struct str url)
{
	url = str_trim(url);
	if (!url_is_app(url))
		return false;
	url = scrubbed(sh, url_without_query(url));
	if (!url_is_app(url))
		return false;
	put_text(sh->out, LABEL("referrer"), url);
	return true;
}

static bool put_referrer(struct shaper *sh, struct str url, bool harmless)
{
	return url.len > 0 && (put_url(sh, LABEL("referrer"), url, harmless) ||
			       put_app_referrer(sh, url));
}

static struct str text_at(struct shaper *sh, enum field field)
{
	return conversion_text(sh->c, sh->c->at[field], &sh->s->text);
}

enum reason shape_page(struct shaper *sh)
{
	const struct looks *l = &sh->c->looks;
	size_t start = put_open(sh->out, LABEL("page"));

	if (!put_url(sh, LABEL("url"), text_at(sh, FIELD_URL), l->harmless_url) &&
	    !put_url(sh, LABEL("url"), sh->e->page_url, false) &&
	    !put_url(sh, LABEL("url"), str_of(sh->d->default_url), false))
		return REASON_MISSING_PAGE_URL;
	if (!put_referrer(sh, text_at(sh, FIELD_REFERRER), l->harmless_referrer))
		put_referrer(sh, sh->e->referrer, false);
	put_close(sh->out, start, '}');
	return REASON_NONE;
}

enum reason shape_app(struct shaper *sh)
{
	const uint32_t *at = sh->c->at;
	size_t start = put_open(sh->out, LABEL("app"));

	if (!put_bare_id(sh, LABEL("app_id"), at[FIELD_APP_ID]))
		return REASON_MISSING_APP_ID;
	put_free_text(sh, LABEL("app_name"), at[FIELD_APP_NAME]);
	/* No number: 2.0 is not 2. */
	put_free_text(sh, LABEL("app_version"), at[FIELD_APP_VERSION]);
	put_close(sh->out, start, '}');
	return REASON_NONE;
}

enum reason shape_lead(struct shaper *sh)
{
	const uint32_t *at = sh->c->at;
	size_t start = put_open(sh->out, LABEL("lead"));

	if (!put_bare_id(sh, LABEL("lead_id"), at[FIELD_LEAD_ID]))
		return REASON_MISSING_LEAD_ID;
	put_free_text(sh, LABEL("lead_event_source"), at[FIELD_LEAD_EVENT_SOURCE]);
	put_close(sh->out, start, '}');
	return REASON_NONE;
}

/* True and false, as text too. */
static void put_bool_at(struct shaper *sh, struct str label, uint32_t at)
{
	struct str text = at == JSON_NONE ? STR_NONE : str_trim(json_bytes(sh->j, at));
	bool yes = str_ieq(text, STR("true"));

	if (!yes && !str_ieq(text, STR("false")))
		return;
	put(sh->out, label);
	put(sh->out, yes ? STR("true,") : STR("false,"));
}

/* 0..1 */
static bool is_share(const struct decimal *d)
{
	return !d->negative &&
	       (d->point <= 0 || (d->point == 1 && str_eq(d->digits, STR("1"))));
}

/* The payload's, else what attribution gave us. */
static void put_share(struct shaper *sh)
{
	uint32_t at = sh->c->at[FIELD_ATTRIBUTION_SHARE];
	struct decimal share;

	if (at != JSON_NONE && decimal_read(json_bytes(sh->j, at), &share) &&
	    is_share(&share))
		put_amount_at(sh, LABEL("attribution_share"), at);
	else if (sh->e->has_credit && sh->e->credit >= 0 && sh->e->credit <= 1)
		buf_addf(sh->out, "\"attribution_share\":%.6g,", sh->e->credit);
}

void shape_ad(struct shaper *sh)
{
	const uint32_t *at = sh->c->at;
	size_t start = put_open(sh->out, LABEL("ad"));

	put_bare_id(sh, LABEL("campaign_id"), at[FIELD_CAMPAIGN_ID]);
	put_bare_id(sh, LABEL("ad_id"), at[FIELD_AD_ID]);
	put_bare_id(sh, LABEL("creative_id"), at[FIELD_CREATIVE_ID]);
	if (sh->d->source == SOURCE_APP) {
		put_bare_id(sh, LABEL("callback"), at[FIELD_CALLBACK]);
		put_bool_at(sh, LABEL("is_retargeting"), at[FIELD_IS_RETARGETING]);
		put_bool_at(sh, LABEL("attributed"), at[FIELD_ATTRIBUTED]);
		put_bare_id(sh, LABEL("attribution_type"), at[FIELD_ATTRIBUTION_TYPE]);
	}
	put_bare_id(sh, LABEL("attribution_provider"), at[FIELD_ATTRIBUTION_PROVIDER]);
	put_share(sh);
	put_close(sh->out, start, '}');
}
