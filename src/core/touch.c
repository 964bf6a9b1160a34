/* SPDX-License-Identifier: MIT */
#include "core/touch.h"

#include "core/identity.h"

#include <xxhash.h>

#include "core/query.h"
#include "core/touch_names.h"

/* A parameter's value, decoded; what is longer than this is cut. */
struct value {
	char p[1024];
	size_t len;
};

static const char same_site[] = "same site";

struct query {
	const struct click_param *click; /* NULL: none */
	struct value click_id, source, medium;
};

static struct str value_str(const struct value *v)
{
	return str_trim(str_make(v->p, v->len));
}

/* In utm_* a '+' is a blank; in an id it is itself. */
static void value_decode(struct str raw, bool form, struct value *out)
{
	out->len = 0;
	for (size_t i = 0; i < raw.len && out->len < sizeof(out->p); i++) {
		char c = raw.p[i];

		if (c == '+' && form) {
			c = ' ';
		} else if (c == '%' && i + 2 < raw.len && ascii_is_hex(raw.p[i + 1]) &&
			   ascii_is_hex(raw.p[i + 2])) {
			c = (char)(ascii_nibble(raw.p[i + 1]) * 16 +
				   ascii_nibble(raw.p[i + 2]));
			i += 2;
		}
		out->p[out->len++] = c;
	}
}

bool click_id_is_placeholder(struct str id)
{
	return is_placeholder_word(id) || id.p[0] == '{'; /* cut off, as values are */
}

static void take_click_id(struct str name, struct str raw, struct query *q)
{
	const struct click_param *click = click_param_named(name);
	struct value v;
	struct str id;

	/* Where a URL carries several, the first in the table counts. */
	if (!click || (q->click && q->click <= click))
		return;
	value_decode(raw, false, &v);
	id = value_str(&v);
	if (click_id_is_placeholder(id))
		return;
	q->click = click;
	q->click_id = v;
}

static void read_query(struct str url, struct query *q)
{
	struct str left = query_of(url), param, name, raw;

	q->click = NULL;
	q->click_id.len = q->source.len = q->medium.len = 0;
	while (query_next(&left, &param)) {
		name = cut(param, "=", &raw);
		if (raw.len == 0)
			continue;
		if (str_ieq(name, STR("utm_source")))
			value_decode(raw, true, &q->source);
		else if (str_ieq(name, STR("utm_medium")))
			value_decode(raw, true, &q->medium);
		else
			take_click_id(name, raw, q);
	}
}

/* Without userinfo and port, in the case it is written in. */
static struct str host_of(struct str url)
{
	struct str s = str_trim(url), rest;

	for (size_t i = 0; i + 2 < s.len; i++) {
		if (s.p[i] == ':' && s.p[i + 1] == '/' && s.p[i + 2] == '/') {
			s = str_make(s.p + i + 3, s.len - i - 3);
			break;
		}
	}
	s = cut(s, "/?#", &rest);
	for (size_t i = s.len; i > 0; i--) {
		if (s.p[i - 1] == '@') {
			s = str_make(s.p + i, s.len - i);
			break;
		}
	}
	if (s.len > 0 && s.p[0] == '[')
		return cut(s, "]", &rest);
	return cut(s, ":", &rest);
}

static struct origin origin_of_referrer(struct str page_url, struct str referrer)
{
	struct str host = host_of(referrer);

	if (host.len == 0)
		return (struct origin){PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"};
	if (str_ieq(site_of_host(host), site_of_host(host_of(page_url))))
		return (struct origin){PLATFORM_NONE, CHANNEL_NONE, same_site};
	return origin_of_host(host);
}

/* A platform's name without a medium is taken for an advertisement: that is how ads are
 * tagged by hand, and who tags posts says so. */
static struct origin origin_of_utm(const struct query *q, struct origin referrer)
{
	enum platform platform = platform_of_source(value_str(&q->source));
	enum channel channel = channel_of_medium(value_str(&q->medium));
	struct origin o = {platform, channel,
			   q->medium.len ? "utm_medium" : "utm_source"};

	if (channel == CHANNEL_NONE && q->medium.len == 0 && platform != PLATFORM_NONE)
		o.channel = CHANNEL_PAID_CLICK;
	else if (channel == CHANNEL_NONE)
		o.channel = platform ? CHANNEL_ORGANIC : CHANNEL_REFERRAL;
	if (o.platform == PLATFORM_NONE)
		o.platform = referrer.platform;
	if (o.platform == PLATFORM_NONE && o.channel >= CHANNEL_PAID_VIEW)
		o.platform = PLATFORM_OTHER;
	return o;
}

/* What the view is without click ids. A step inside the site stays one whatever its link
 * is tagged with. */
static struct origin origin_of_page(const struct query *q, struct str page_url,
				    struct str referrer)
{
	struct origin o = origin_of_referrer(page_url, referrer);

	if (q->source.len + q->medium.len == 0)
		return o;
	return o.evidence == same_site ? o : origin_of_utm(q, o);
}

/* Meta puts an fbclid on every link, also on those nobody paid for. */
static bool is_unpaid_fbclid(const struct query *q)
{
	enum channel channel = channel_of_medium(value_str(&q->medium));

	return q->click->platform == PLATFORM_META && channel != CHANNEL_NONE &&
	       channel < CHANNEL_PAID_VIEW;
}

static void set_click(struct touch *t, enum platform platform, const char *evidence,
		      struct str id)
{
	t->platform = platform;
	t->channel = CHANNEL_PAID_CLICK;
	t->evidence = evidence;
	t->click = XXH3_64bits_withSeed(id.p, id.len, platform);
}

bool touch_of_visit(struct str page_url, struct str referrer, struct str ttclid,
		    struct touch *out)
{
	struct query q;
	struct origin o;

	read_query(page_url, &q);
	ttclid = str_trim(ttclid);
	o = origin_of_page(&q, page_url, referrer);
	*out = (struct touch){.platform = o.platform,
			      .channel = o.channel,
			      .evidence = o.evidence,
			      .again_platform = o.platform,
			      .again_channel = o.channel};
	if (q.click && !is_unpaid_fbclid(&q)) {
		/* The same URL again is a page that was loaded again. */
		set_click(out, q.click->platform, q.click->name, value_str(&q.click_id));
		out->again_platform = PLATFORM_NONE;
		out->again_channel = CHANNEL_NONE;
	} else if (!click_id_is_placeholder(ttclid)) {
		set_click(out, PLATFORM_TIKTOK, "ttclid", ttclid);
	}
	return out->channel != CHANNEL_NONE;
}
