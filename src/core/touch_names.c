/* SPDX-License-Identifier: MIT */
#include "core/touch_names.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct name_row {
	const char *name;
	enum platform platform;
};

struct host_row {
	const char *name;
	enum platform platform;
	enum channel channel;
};

/* In order of precedence where a URL carries several. */
/* clang-format off */
static const struct click_param click_ids[] = {
	{"ttclid", PLATFORM_TIKTOK},
	{"gclid", PLATFORM_GOOGLE},
	{"gbraid", PLATFORM_GOOGLE},
	{"wbraid", PLATFORM_GOOGLE},
	{"dclid", PLATFORM_GOOGLE},
	{"gad_source", PLATFORM_GOOGLE},
	{"msclkid", PLATFORM_MICROSOFT},
	{"twclid", PLATFORM_X},
	{"li_fat_id", PLATFORM_LINKEDIN},
	{"sccid", PLATFORM_SNAPCHAT},
	{"sclid", PLATFORM_SNAPCHAT},
	{"epik", PLATFORM_PINTEREST},
	{"rdt_cid", PLATFORM_REDDIT},
	{"yclid", PLATFORM_YANDEX},
	{"vmcid", PLATFORM_YAHOO},
	{"qclid", PLATFORM_QUORA},
	{"tblci", PLATFORM_TABOOLA},
	{"dicbo", PLATFORM_OUTBRAIN},
	{"obclid", PLATFORM_OUTBRAIN},
	{"cto_pld", PLATFORM_CRITEO},
	{"fbclid", PLATFORM_META},
};
/* clang-format on */

/* What utm_source says, without case and separators. */
static const struct name_row sources[] = {
	{"tiktok", PLATFORM_TIKTOK},
	{"tiktokads", PLATFORM_TIKTOK},
	{"tt", PLATFORM_TIKTOK},
	{"ttads", PLATFORM_TIKTOK},
	{"tiktokshop", PLATFORM_TIKTOK},
	{"bytedance", PLATFORM_TIKTOK},
	{"pangle", PLATFORM_TIKTOK},
	{"google", PLATFORM_GOOGLE},
	{"googleads", PLATFORM_GOOGLE},
	{"googleadwords", PLATFORM_GOOGLE},
	{"adwords", PLATFORM_GOOGLE},
	{"gads", PLATFORM_GOOGLE},
	{"youtube", PLATFORM_GOOGLE},
	{"yt", PLATFORM_GOOGLE},
	{"dv360", PLATFORM_GOOGLE},
	{"doubleclick", PLATFORM_GOOGLE},
	{"facebook", PLATFORM_META},
	{"fb", PLATFORM_META},
	{"facebookads", PLATFORM_META},
	{"fbads", PLATFORM_META},
	{"instagram", PLATFORM_META},
	{"ig", PLATFORM_META},
	{"meta", PLATFORM_META},
	{"metaads", PLATFORM_META},
	{"messenger", PLATFORM_META},
	{"threads", PLATFORM_META},
	{"audiencenetwork", PLATFORM_META},
	{"bing", PLATFORM_MICROSOFT},
	{"bingads", PLATFORM_MICROSOFT},
	{"microsoft", PLATFORM_MICROSOFT},
	{"microsoftads", PLATFORM_MICROSOFT},
	{"msads", PLATFORM_MICROSOFT},
	{"x", PLATFORM_X},
	{"xads", PLATFORM_X},
	{"twitter", PLATFORM_X},
	{"tco", PLATFORM_X},
	{"twitterads", PLATFORM_X},
	{"linkedin", PLATFORM_LINKEDIN},
	{"linkedinads", PLATFORM_LINKEDIN},
	{"li", PLATFORM_LINKEDIN},
	{"snapchat", PLATFORM_SNAPCHAT},
	{"snap", PLATFORM_SNAPCHAT},
	{"snapchatads", PLATFORM_SNAPCHAT},
	{"pinterest", PLATFORM_PINTEREST},
	{"pinterestads", PLATFORM_PINTEREST},
	{"pin", PLATFORM_PINTEREST},
	{"reddit", PLATFORM_REDDIT},
	{"redditads", PLATFORM_REDDIT},
	{"amazon", PLATFORM_AMAZON},
	{"amazonads", PLATFORM_AMAZON},
	{"applesearchads", PLATFORM_APPLE},
	{"asa", PLATFORM_APPLE},
	{"yahoo", PLATFORM_YAHOO},
	{"yandex", PLATFORM_YANDEX},
	{"quora", PLATFORM_QUORA},
	{"taboola", PLATFORM_TABOOLA},
	{"outbrain", PLATFORM_OUTBRAIN},
	{"criteo", PLATFORM_CRITEO},
};

/* What utm_medium says, folded in the same way. cp* and *paid* are known by rule. */
static const struct {
	const char *name;
	enum channel channel;
} media[] = {
	{"ppc", CHANNEL_PAID_CLICK},
	{"sem", CHANNEL_PAID_CLICK},
	{"ad", CHANNEL_PAID_CLICK},
	{"ads", CHANNEL_PAID_CLICK},
	{"advertising", CHANNEL_PAID_CLICK},
	{"display", CHANNEL_PAID_CLICK},
	{"banner", CHANNEL_PAID_CLICK},
	{"native", CHANNEL_PAID_CLICK},
	{"retargeting", CHANNEL_PAID_CLICK},
	{"remarketing", CHANNEL_PAID_CLICK},
	{"sponsored", CHANNEL_PAID_CLICK},
	{"psocial", CHANNEL_PAID_CLICK},
	{"interstitial", CHANNEL_PAID_CLICK},
	{"pmax", CHANNEL_PAID_CLICK},
	{"view", CHANNEL_PAID_VIEW},
	{"impression", CHANNEL_PAID_VIEW},
	{"viewthrough", CHANNEL_PAID_VIEW},
	{"vta", CHANNEL_PAID_VIEW},
	{"email", CHANNEL_EMAIL},
	{"newsletter", CHANNEL_EMAIL},
	{"sms", CHANNEL_EMAIL},
	{"push", CHANNEL_EMAIL},
	{"referral", CHANNEL_REFERRAL},
	{"affiliate", CHANNEL_REFERRAL},
	{"direct", CHANNEL_DIRECT},
	{"none", CHANNEL_DIRECT},
};

/* Whole hosts, before the rows of sites. */
static const struct host_row hosts[] = {
	{"t.co", PLATFORM_X, CHANNEL_ORGANIC},
	{"x.com", PLATFORM_X, CHANNEL_ORGANIC},
	{"youtu.be", PLATFORM_GOOGLE, CHANNEL_ORGANIC},
	{"lnkd.in", PLATFORM_LINKEDIN, CHANNEL_ORGANIC},
	{"pin.it", PLATFORM_PINTEREST, CHANNEL_ORGANIC},
	{"fb.me", PLATFORM_META, CHANNEL_ORGANIC},
	{"redd.it", PLATFORM_REDDIT, CHANNEL_ORGANIC},
	{"threads.net", PLATFORM_META, CHANNEL_ORGANIC},
	{"search.brave.com", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"mail.google.com", PLATFORM_NONE, CHANNEL_EMAIL},
	{"mail.yahoo.com", PLATFORM_NONE, CHANNEL_EMAIL},
	{"outlook.live.com", PLATFORM_NONE, CHANNEL_EMAIL},
	{"com.google.android.gm", PLATFORM_NONE, CHANNEL_EMAIL},
	{"com.google.android.googlequicksearchbox", PLATFORM_GOOGLE, CHANNEL_ORGANIC},
	{"com.zhiliaoapp.musically", PLATFORM_TIKTOK, CHANNEL_ORGANIC},
	{"com.ss.android.ugc.trill", PLATFORM_TIKTOK, CHANNEL_ORGANIC},
	{"com.facebook.katana", PLATFORM_META, CHANNEL_ORGANIC},
	{"com.instagram.android", PLATFORM_META, CHANNEL_ORGANIC},
	{"com.linkedin.android", PLATFORM_LINKEDIN, CHANNEL_ORGANIC},
	{"com.pinterest", PLATFORM_PINTEREST, CHANNEL_ORGANIC},
	{"com.reddit.frontpage", PLATFORM_REDDIT, CHANNEL_ORGANIC},
	{"com.snapchat.android", PLATFORM_SNAPCHAT, CHANNEL_ORGANIC},
	{"com.twitter.android", PLATFORM_X, CHANNEL_ORGANIC},
	/* A sign-in or a payment interrupts a journey and begins none. */
	{"accounts.google.com", PLATFORM_NONE, CHANNEL_NONE},
	{"pay.google.com", PLATFORM_NONE, CHANNEL_NONE},
	{"appleid.apple.com", PLATFORM_NONE, CHANNEL_NONE},
	{"pay.amazon.com", PLATFORM_NONE, CHANNEL_NONE},
	{"shop.app", PLATFORM_NONE, CHANNEL_NONE},
	{"checkout.com", PLATFORM_NONE, CHANNEL_NONE},
};

/* The name before the public suffix: "google" stands for google.com and google.co.uk. */
static const struct host_row sites[] = {
	{"google", PLATFORM_GOOGLE, CHANNEL_ORGANIC},
	{"youtube", PLATFORM_GOOGLE, CHANNEL_ORGANIC},
	{"doubleclick", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK},
	{"googleadservices", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK},
	{"googlesyndication", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK},
	{"tiktok", PLATFORM_TIKTOK, CHANNEL_ORGANIC},
	{"facebook", PLATFORM_META, CHANNEL_ORGANIC},
	{"instagram", PLATFORM_META, CHANNEL_ORGANIC},
	{"bing", PLATFORM_MICROSOFT, CHANNEL_ORGANIC},
	{"twitter", PLATFORM_X, CHANNEL_ORGANIC},
	{"linkedin", PLATFORM_LINKEDIN, CHANNEL_ORGANIC},
	{"snapchat", PLATFORM_SNAPCHAT, CHANNEL_ORGANIC},
	{"pinterest", PLATFORM_PINTEREST, CHANNEL_ORGANIC},
	{"reddit", PLATFORM_REDDIT, CHANNEL_ORGANIC},
	{"quora", PLATFORM_QUORA, CHANNEL_ORGANIC},
	{"yahoo", PLATFORM_YAHOO, CHANNEL_ORGANIC},
	{"yandex", PLATFORM_YANDEX, CHANNEL_ORGANIC},
	{"duckduckgo", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"ecosia", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"qwant", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"startpage", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"baidu", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"naver", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"seznam", PLATFORM_NONE, CHANNEL_ORGANIC},
	{"paypal", PLATFORM_NONE, CHANNEL_NONE},
	{"stripe", PLATFORM_NONE, CHANNEL_NONE},
	{"klarna", PLATFORM_NONE, CHANNEL_NONE},
	{"adyen", PLATFORM_NONE, CHANNEL_NONE},
	{"mollie", PLATFORM_NONE, CHANNEL_NONE},
	{"afterpay", PLATFORM_NONE, CHANNEL_NONE},
	{"affirm", PLATFORM_NONE, CHANNEL_NONE},
	{"cardinalcommerce", PLATFORM_NONE, CHANNEL_NONE},
	{"arcot", PLATFORM_NONE, CHANNEL_NONE},
};

const struct click_param *click_param_named(struct str name)
{
	for (size_t i = 0; i < COUNT(click_ids); i++)
		if (str_ieq(name, str_of(click_ids[i].name)))
			return &click_ids[i];
	return NULL;
}

/* Letters and digits alone, in lower case; cut where it does not fit. */
static struct str fold(struct str s, char *into, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < s.len && len < size; i++) {
		char c = ascii_lower(s.p[i]);

		if (ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c & 0x80))
			into[len++] = c;
	}
	return str_make(into, len);
}

static bool contains(struct str s, const char *part)
{
	return s.len > 0 && memmem(s.p, s.len, part, strlen(part)) != NULL;
}

enum channel channel_of_medium(struct str medium)
{
	char tmp[64];
	struct str m = fold(medium, tmp, sizeof(tmp));

	for (size_t i = 0; i < COUNT(media); i++)
		if (str_eq(m, str_of(media[i].name)))
			return media[i].channel;
	if (contains(m, "organic") || contains(m, "unpaid") || contains(m, "nonpaid"))
		return CHANNEL_ORGANIC;
	if (contains(m, "paid") || contains(m, "cpc"))
		return CHANNEL_PAID_CLICK;
	if (m.len == 3 && str_starts(m, STR("cp")))
		return CHANNEL_PAID_CLICK;
	return contains(m, "social") ? CHANNEL_ORGANIC : CHANNEL_NONE;
}

static enum platform platform_named(struct str name)
{
	for (size_t i = 0; i < COUNT(sources); i++)
		if (str_eq(name, str_of(sources[i].name)))
			return sources[i].platform;
	return PLATFORM_NONE;
}

enum platform platform_of_source(struct str source)
{
	char tmp[64];
	struct str word = fold(source, tmp, sizeof(tmp)), rest = source;
	enum platform found = platform_named(word);

	while (found == PLATFORM_NONE && rest.len > 0) {
		word = fold(cut(rest, " ._-/:|", &rest), tmp, sizeof(tmp));
		if (word.len >= 4)
			found = platform_named(word);
	}
	return found;
}

static bool in_words(struct str s, const char *words)
{
	struct str rest = str_of(words), word;

	while (rest.len > 0) {
		word = cut(rest, " ", &rest);
		if (str_ieq(s, word))
			return true;
	}
	return false;
}

/* Where the n-th label from the right begins; 0 where there are fewer. */
static size_t label_from_right(struct str host, int n)
{
	size_t at = host.len;

	while (at > 0 && (host.p[at - 1] != '.' || --n > 0))
		at--;
	return at;
}

static struct str tail(struct str s, size_t at)
{
	return str_make(s.p + at, s.len - at);
}

/* The part of a host that one owner registers: "example.co.uk" of "www.example.co.uk".
 * The few public suffixes of two labels that matter are named here; a whole list would
 * have to be kept up to date. */
struct str site_of_host(struct str host)
{
	static const char hosters[] = "myshopify.com github.io pages.dev vercel.app "
				      "netlify.app herokuapp.com wixsite.com web.app "
				      "blogspot.com webflow.io onrender.com";
	size_t two = label_from_right(host, 2), one = label_from_right(host, 1);
	struct str second, rest;

	if (one == 0 || ascii_is_digit(host.p[host.len - 1]))
		return host;
	second = cut(tail(host, two), ".", &rest);
	if ((host.len - one == 2 &&
	     in_words(second, "co com org net gov edu ac or ne go")) ||
	    in_words(tail(host, two), hosters))
		return tail(host, label_from_right(host, 3));
	return tail(host, two);
}

static const struct host_row *row_of_host(struct str host)
{
	struct str rest, label = cut(site_of_host(host), ".", &rest);

	if (str_starts(host, STR("www.")))
		host = tail(host, 4);
	for (size_t i = 0; i < COUNT(hosts); i++)
		if (str_ieq(host, str_of(hosts[i].name)))
			return &hosts[i];
	for (size_t i = 0; i < COUNT(sites); i++)
		if (str_ieq(label, str_of(sites[i].name)))
			return &sites[i];
	return NULL;
}

struct origin origin_of_host(struct str host)
{
	const struct host_row *row = row_of_host(host);

	if (!row)
		return (struct origin){PLATFORM_NONE, CHANNEL_REFERRAL, "referrer"};
	return (struct origin){row->platform, row->channel, "referrer"};
}

const char *platform_word(enum platform platform)
{
	switch (platform) {
#define X(name, number, word)                                                            \
	case PLATFORM_##name: return word;
		PLATFORMS(X)
#undef X
	case PLATFORM_COUNT: break;
	}
	return "?";
}

const char *channel_word(enum channel channel)
{
	static const char *const words[] = {
		[CHANNEL_NONE] = "none",
		[CHANNEL_DIRECT] = "direct",
		[CHANNEL_REFERRAL] = "referral",
		[CHANNEL_ORGANIC] = "organic",
		[CHANNEL_EMAIL] = "email",
		[CHANNEL_PAID_VIEW] = "paid_view",
		[CHANNEL_PAID_CLICK] = "paid_click",
	};

	return (unsigned)channel < CHANNEL_COUNT ? words[channel] : "?";
}
