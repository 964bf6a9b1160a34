/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/touch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SHOP "https://www.shop.example/p"

/* clang-format off */
static const struct row {
	const char *page, *referrer, *ttclid;
	enum platform platform;
	enum channel channel;
	const char *evidence;
} rows[] = {
	/* click ids, each platform's */
	{SHOP "?ttclid=E.C.P.1", "", "", PLATFORM_TIKTOK, CHANNEL_PAID_CLICK, "ttclid"},
	{SHOP "?a=b&gclid=1", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "gclid"},
	{SHOP "?gbraid=1", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "gbraid"},
	{SHOP "?wbraid=1", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "wbraid"},
	{SHOP "?dclid=1", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "dclid"},
	{SHOP "?fbclid=1", "", "", PLATFORM_META, CHANNEL_PAID_CLICK, "fbclid"},
	{SHOP "?msclkid=1", "", "", PLATFORM_MICROSOFT, CHANNEL_PAID_CLICK, "msclkid"},
	{SHOP "?twclid=1", "", "", PLATFORM_X, CHANNEL_PAID_CLICK, "twclid"},
	{SHOP "?li_fat_id=1", "", "", PLATFORM_LINKEDIN, CHANNEL_PAID_CLICK, "li_fat_id"},
	{SHOP "?ScCid=1", "", "", PLATFORM_SNAPCHAT, CHANNEL_PAID_CLICK, "sccid"},
	{SHOP "?epik=1", "", "", PLATFORM_PINTEREST, CHANNEL_PAID_CLICK, "epik"},
	{SHOP "?rdt_cid=1", "", "", PLATFORM_REDDIT, CHANNEL_PAID_CLICK, "rdt_cid"},
	/* which of several tells */
	{SHOP "?gad_source=1", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "gad_source"},
	{SHOP "?gclid=1&ttclid=2", "", "", PLATFORM_TIKTOK, CHANNEL_PAID_CLICK, "ttclid"},
	{SHOP "?fbclid=1&gclid=2", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "gclid"},
	{SHOP "?gclid=1", "", "T1", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "gclid"},
	{SHOP, "", "T1", PLATFORM_TIKTOK, CHANNEL_PAID_CLICK, "ttclid"},
	{SHOP "?a=1&amp;TTCLID=2", "", "", PLATFORM_TIKTOK, CHANNEL_PAID_CLICK, "ttclid"},
	{SHOP "?a=1;ttclid=2", "", "", PLATFORM_TIKTOK, CHANNEL_PAID_CLICK, "ttclid"},
	{SHOP "?a=1?gclid=2", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "gclid"},
	{SHOP "?utm_source=fb&amp;utm_medium=cpc", "", "", PLATFORM_META,
	 CHANNEL_PAID_CLICK, "utm_medium"},
	{SHOP "?utm_source=google&utm_medium=cpc", "", "T1", PLATFORM_TIKTOK,
	 CHANNEL_PAID_CLICK, "ttclid"},
	{"", "", "T1", PLATFORM_TIKTOK, CHANNEL_PAID_CLICK, "ttclid"},
	/* what is no click id */
	{SHOP "?gclid=", "", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP "?gclid", "", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP "?xgclid=1", "", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP "?ttclid=__CLICKID__", "", "", PLATFORM_NONE, CHANNEL_DIRECT,
	 "no referrer"},
	{SHOP "?gclid=%7Bgclid%7D", "", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP "#gclid=1", "", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP "?from=https://blog.example/?gclid=1", "", "", PLATFORM_NONE,
	 CHANNEL_DIRECT, "no referrer"},
	{SHOP "?to=https://x.example/?utm_source=fb;utm_medium=cpc", "", "",
	 PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP, "", " ", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP, "", "${ttclid}", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP, "", "N/A", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP, "", "__CLICKID__", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	/* utm */
	{SHOP "?utm_source=TikTok&utm_medium=paid_social", "", "", PLATFORM_TIKTOK,
	 CHANNEL_PAID_CLICK, "utm_medium"},
	{SHOP "?utm_source=tiktok_ads_de&utm_medium=cpc", "", "", PLATFORM_TIKTOK,
	 CHANNEL_PAID_CLICK, "utm_medium"},
	{SHOP "?utm_source=Tik%20Tok&utm_medium=Paid+Social", "", "", PLATFORM_TIKTOK,
	 CHANNEL_PAID_CLICK, "utm_medium"},
	{SHOP "?utm_source=m.facebook.com&utm_medium=CPM", "", "", PLATFORM_META,
	 CHANNEL_PAID_CLICK, "utm_medium"},
	{SHOP "?utm_source=ig&utm_medium=social", "", "", PLATFORM_META, CHANNEL_ORGANIC,
	 "utm_medium"},
	{SHOP "?utm_source=google&utm_medium=organic", "", "", PLATFORM_GOOGLE,
	 CHANNEL_ORGANIC, "utm_medium"},
	{SHOP "?utm_source=google", "", "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK,
	 "utm_source"},
	{SHOP "?utm_source=blog", "", "", PLATFORM_NONE, CHANNEL_REFERRAL, "utm_source"},
	{SHOP "?utm_source=mail_tt&utm_medium=email", "", "", PLATFORM_NONE,
	 CHANNEL_EMAIL, "utm_medium"},
	{SHOP "?utm_source=magazine&utm_medium=banner", "", "", PLATFORM_OTHER,
	 CHANNEL_PAID_CLICK, "utm_medium"},
	{SHOP "?utm_medium=cpc", "https://www.bing.com/", "", PLATFORM_MICROSOFT,
	 CHANNEL_PAID_CLICK, "utm_medium"},
	{SHOP "?utm_source=tiktok&utm_medium=impression", "", "", PLATFORM_TIKTOK,
	 CHANNEL_PAID_VIEW, "utm_medium"},
	{SHOP "?utm_source=tiktok&utm_medium=unpaid", "", "", PLATFORM_TIKTOK,
	 CHANNEL_ORGANIC, "utm_medium"},
	{SHOP "?fbclid=1&utm_source=instagram&utm_medium=social", "", "", PLATFORM_META,
	 CHANNEL_ORGANIC, "utm_medium"},
	{SHOP "?fbclid=1&utm_source=instagram&utm_medium=cpc", "", "", PLATFORM_META,
	 CHANNEL_PAID_CLICK, "fbclid"},
	/* referrers */
	{SHOP, "https://www.google.co.uk/", "", PLATFORM_GOOGLE, CHANNEL_ORGANIC,
	 "referrer"},
	{SHOP, "https://duckduckgo.com/?q=x", "", PLATFORM_NONE, CHANNEL_ORGANIC,
	 "referrer"},
	{SHOP, "https://www.tiktok.com/", "", PLATFORM_TIKTOK, CHANNEL_ORGANIC,
	 "referrer"},
	{SHOP, "https://l.facebook.com/l.php", "", PLATFORM_META, CHANNEL_ORGANIC,
	 "referrer"},
	{SHOP, "https://t.co/abc", "", PLATFORM_X, CHANNEL_ORGANIC, "referrer"},
	{SHOP, "android-app://com.zhiliaoapp.musically/", "", PLATFORM_TIKTOK,
	 CHANNEL_ORGANIC, "referrer"},
	{SHOP, "https://mail.google.com/", "", PLATFORM_NONE, CHANNEL_EMAIL, "referrer"},
	{SHOP, "https://blog.other.example/post", "", PLATFORM_NONE, CHANNEL_REFERRAL,
	 "referrer"},
	{SHOP, "https://google.evil.example/", "", PLATFORM_NONE, CHANNEL_REFERRAL,
	 "referrer"},
	{SHOP, "https://www.google.com@evil.example/", "", PLATFORM_NONE,
	 CHANNEL_REFERRAL, "referrer"},
	{SHOP, "", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	/* inside the site, or back from the till: no touch */
	{SHOP, "https://shop.example/cart", "", PLATFORM_NONE, CHANNEL_NONE, "same site"},
	{SHOP, "https://CHECKOUT.Shop.Example:8443/", "", PLATFORM_NONE, CHANNEL_NONE,
	 "same site"},
	{SHOP "?utm_source=google&utm_medium=cpc", SHOP, "", PLATFORM_NONE, CHANNEL_NONE,
	 "same site"},
	{SHOP "?gclid=1", SHOP, "", PLATFORM_GOOGLE, CHANNEL_PAID_CLICK, "gclid"},
	{SHOP, "https://www.paypal.com/checkout", "", PLATFORM_NONE, CHANNEL_NONE,
	 "referrer"},
	{"https://a.co.uk/", "https://b.co.uk/", "", PLATFORM_NONE, CHANNEL_REFERRAL,
	 "referrer"},
	{"https://a.myshopify.com/", "https://b.myshopify.com/", "", PLATFORM_NONE,
	 CHANNEL_REFERRAL, "referrer"},
	{"http://10.0.0.1/", "http://10.1.0.1/", "", PLATFORM_NONE, CHANNEL_REFERRAL,
	 "referrer"},
	{"http://localhost:80/", "http://localhost:8080/", "", PLATFORM_NONE,
	 CHANNEL_NONE, "same site"},
	/* nothing, and rubbish */
	{"", "", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{"?&&=&%", "://", "", PLATFORM_NONE, CHANNEL_DIRECT, "no referrer"},
	{SHOP "?utm_source=%&utm_medium=%2", "", "", PLATFORM_NONE, CHANNEL_REFERRAL,
	 "utm_medium"},
};
/* clang-format on */

static void tells_where_a_visit_came_from(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct touch t;
		bool is = touch_of_visit(str_of(r->page), str_of(r->referrer),
					 str_of(r->ttclid), &t);

		if (t.platform != r->platform || t.channel != r->channel ||
		    strcmp(t.evidence, r->evidence) != 0 ||
		    is != (r->channel != CHANNEL_NONE))
			fail_msg("row %zu (%s | %s | %s): %s %s by %s", i, r->page,
				 r->referrer, r->ttclid, platform_word(t.platform),
				 channel_word(t.channel), t.evidence);
	}
}

static struct touch touch(const char *page, const char *referrer, const char *ttclid)
{
	struct touch t;

	touch_of_visit(str_of(page), str_of(referrer), str_of(ttclid), &t);
	return t;
}

static void knows_a_click_again(void **state)
{
	struct touch first = touch(SHOP "?ttclid=E.C%2EP", "", "");
	struct touch stored = touch(SHOP, "https://www.google.com/", "E.C.P");

	(void)state;
	assert_int_not_equal(first.click, 0);
	assert_true(first.click == stored.click);
	assert_true(first.click != touch(SHOP "?gclid=E.C.P", "", "").click);
	assert_true(first.click != touch(SHOP, "", "E.C.Q").click);
	assert_int_equal(first.again_channel, CHANNEL_NONE);
	assert_int_equal(stored.again_platform, PLATFORM_GOOGLE);
	assert_int_equal(stored.again_channel, CHANNEL_ORGANIC);
	assert_int_equal(touch(SHOP, SHOP, "E.C.P").again_channel, CHANNEL_NONE);
	assert_int_equal(touch(SHOP, "", "").click, 0);
}

static void takes_long_values(void **state)
{
	static char page[5000] = SHOP "?utm_source=";
	size_t from = strlen(page);
	struct touch t;

	(void)state;
	memset(page + from, 'a', sizeof(page) - from);
	touch_of_visit(str_make(page, sizeof(page)), STR(""), STR(""), &t);
	assert_int_equal(t.channel, CHANNEL_REFERRAL);
	memcpy(page + from - 11, "ttclid=aaaa", 11);
	touch_of_visit(str_make(page, sizeof(page)), STR(""), STR(""), &t);
	assert_int_equal(t.platform, PLATFORM_TIKTOK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_where_a_visit_came_from),
		cmocka_unit_test(knows_a_click_again),
		cmocka_unit_test(takes_long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
