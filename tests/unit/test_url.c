/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/personal.h"
#include "core/url.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void knows_http(void **state)
{
	static const struct {
		const char *url;
		bool http;
	} rows[] = {
		{"https://x.de", true},   {"http://x", true},    {"HTTPS://X.DE/", true},
		{" https://x.de ", true}, {"https://", false},   {"https:///path", false},
		{"https:/x.de", false},   {"ftp://x.de", false}, {"httpsx://x", false},
		{"javascript:1", false},  {"x.de", false},       {"", false},
		{"http", false},          {"https://?q", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (url_is_http(str_of(rows[i].url)) != rows[i].http)
			fail_msg("%s", rows[i].url);
}

#define S "https://x.de/"

/* NULL: unchanged. */
static void scrubs(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"", NULL},
		{"https://x.de", NULL},
		{S "a/b.html?id=7&color=red&utm_source=tiktok&ttclid=E.C.P.x%2By_z-1",
		 NULL},
		{S "?gclid=Cj0KCQ&fbclid=IwAR0&q=caf%C3%A9&x=%&y=%zz&z", NULL},
		{S "?a=1&&b=2&", NULL},
		{S "?", NULL},
		{S "gr\xc3\xb6\xc3\x9f"
		   "e?q=\xc3\xbc",
		 NULL},
		{S "@john.doe/story?v=pkg@1.2.3rc1&w=a@b&price=5@10.00", NULL},
		{"https://u:p@x.de/a", S "a"},
		{"https://u@x.de", "https://x.de"},
		{S "?utm_term=%2B4915123456789&utm_id=+4915123456789&utm_content=%2B1",
		 S "?utm_id=+4915123456789&utm_content=%2B1"},
		{S "?shipping_city=b&billing-state=c&city=d&account_state=new",
		 S "?city=d&account_state=new"},
		{S
		 "?E-Mail-Adresse=a&courriel=b&correo=c&Telefonnummer=d&geburtstag=e&x=1",
		 S "?x=1"},
		{"https://x.de/?a=1?email=e&b=2", "https://x.de/?b=2"},
		{"https://x.de/?phone=?22B4930", "https://x.de/"},
		{"https://x.de/?utm_id=1?email=e", "https://x.de/"},
		{"https://a@b@x.de:8443/?q=1", "https://x.de:8443/?q=1"},
		{"//u:p@x.de/a", "//x.de/a"},
		{"https://x.de\\@y.de/", NULL},
		{S "a#section", S "a"},
		{S "a?q=1#email=a@x.de", S "a?q=1"},
		{S "#", S},
		{S "?email=alice%40example.com", S},
		{S "?e=alice@example.com&q=1", S "?q=1"},
		{S "?q=1&e=alice%40example.com", S "?q=1"},
		{S "?q=1&e=alice%2540example.com&r=2", S "?q=1&r=2"},
		{S "?e=alice%25252540example%252ecom", S},
		{S "?q=1;e=alice@example.com;r=2", S "?q=1;r=2"},
		{S "?alice@example.com", S},
		{S "?next=https%3A%2F%2Fy.de%2F%3Femail%3Da%2540y.de", S},
		{S "?q=write+to+j%C3%B6rg@b%C3%BCcher.de+please", S},
		{S "?utm_term=alice@example.com&utm_id=+4917112345678",
		 S "?utm_id=+4917112345678"},
		{S "?utm_source=newsletter&utm_content=name", NULL},
		{S "?EMAIL=x&e-mail=y&E_Mail=z&mail=v", S},
		{S "?phone=1&tel=2&mobile=3&q=4", S "?q=4"},
		{S "?first_name=A&lastName=B&Full-Name=C&name=D", S},
		{S "?email%5B%5D=x&q=1", S "?q=1"},
		{S "?user[email]=x&user%5Blast_name%5D=y&cart[0][name]=z&a[b]=1",
		 S "?a[b]=1"},
		{S "?email[]=x&email2=y&customer_email=z&billing.address1=v", S},
		{S "?%65mail=x&e%6dail=y", S},
		{S "?password=x&token=y&access_token=z&api_key=v&pwd=w", S},
		{S "?zip=95110&postcode=1&street=x&address=y&dob=z&city=Berlin",
		 S "?city=Berlin"},
		{S "?email&email=&q=1", NULL},
		{S "?filename=x&product_name=y&tokenize=1&hotel=2&nickname=z", NULL},
		{S "?contact_phone_alt=%2B49%20171%202345678&q=1", S "?q=1"},
		{S "?phone_alt=0049171234567", S},
		{S "?phone_alt=(213)%20373-4253", S},
		{S "?phone_model=12", NULL},
		{S "?mobile_of_a_name_that_is_longer_than_all_of_them=1234567890", NULL},
		{S "?x_of_a_name_that_is_longer_than_all_of_them_mobile=%2B491712345678",
		 S},
		{S "?isMobile=1&hotel_id=1234567890&order=20250309123456", NULL},
		{S "?q=%2B12133734253", S},
		{S "?q=+49+171+2345678", S},
		{S "?tz=%2B0100&date=2025-03-09&sum=%2B5", NULL},
		{S "users/alice@example.com/orders", S "users/redacted/orders"},
		{S "u/alice%40example.com", S "u/redacted"},
		{S "u/a@x.de/b@x.de?q=1", S "u/redacted/redacted?q=1"},
		{S "p;phone=1/q;a=1&tel=2;b/r?c=1", S "p;/q;a=1&;b/r?c=1"},
		{S ";email0=a@b.)de#x", S ";"},
		{"/;phone=1//a@x", "/;//a@x"},
		{"&phone=x:y://a@x", NULL},
		{S "p;jsessionid=1A2B", S "p;"},
		{S "p;lang=en", NULL},
		{"https://jane%40example.com/x", "https://redacted/x"},
		{"mailto:alice@example.com", "redacted"},
		{"/relative/a@x.de?token=1", "/relative/redacted"},
		{" " S " \n", S},
		{S "caf\xe9/\xc3\xb6?q=\xff&r=\xc3", S "caf%E9/%C3%B6?q=%FF&r=%C3"},
		{S "?q=\xe9&email=a&r=1", S "?q=%E9&r=1"},
		{S "a b\tc\x01\x7f?q=x y", S "a%20b%09c%01%7F?q=x%20y"},
		{"http://u@/a@b", "http:///a@b"},
		{S "?token=1&&a", S "?&a"},
		{"android-app://com.x&first_name=Jane&id=5", "android-app://com.x&&id=5"},
		{"ios-app://1;email=jane/a", "ios-app://1;/a"},
		{"https://x.de&first_name=Jane", "https://x.de&"},
		{"https://&name=Jane&x=1/b?c=1", "https://&&x=1/b?c=1"},
		{"https://u:p@x.de&name=J", "https://x.de&"},
		{"android-app://com.x/?first_name=Jane Doe&id=5#a",
		 "android-app://com.x/?id=5"},
		{"android-app://com.x/https%3A%2F%2Fx.de%2F%3Fa%3D1%26name%3DJ?b=1",
		 "android-app://com.x/https%3A%2F%2Fx.de%2F"},
		{"ios-app://1/x.de%252F%253Femail%253Da%2540x.de",
		 "ios-app://1/x.de%252F"},
		{"ios-app://1/x.de%2F%3Fid%3D1/a@x.de?b=1", "ios-app://1/x.de%2F"},
		{"ios-app://1/x.de%2F%23name%3DJ", "ios-app://1/x.de%2F"},
		{"ios-app://1/x.de%2F%3Fid%3D1?b=1", NULL},
	};
	struct buf b, twice;

	(void)state;
	buf_init(&b, 1024);
	buf_init(&twice, 1024);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		buf_clear(&twice);
		url_scrub(str_of(rows[i].in), &b);
		assert_string_equal(buf_z(&b), rows[i].out ? rows[i].out : rows[i].in);
		url_scrub(buf_str(&b), &twice);
		assert_string_equal(buf_z(&twice), buf_z(&b));
		assert_false(url_is_personal(buf_str(&b)));
	}
	buf_fini(&b);
	buf_fini(&twice);
}

static void tells_what_is_personal(void **state)
{
	static const struct {
		const char *url;
		bool personal;
	} rows[] = {
		{S "?q=1", false},
		{S "a#section", false},
		{S "a#section?tab=1", false},
		{S "a#/account?email=x", true},
		{S "#a@x.de", true},
		{S "?phone=1#section", true},
		{S "p;phone=1", true},
		{S "u/a@x.de", true},
		{"https://ann:secret@x.de/", true},
		{"https://jane%40example.com/x", true},
		{"https://x.de\\@y.de/", false},
		{S "a b", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (url_is_personal(str_of(rows[i].url)) != rows[i].personal)
			fail_msg("%s", rows[i].url);
}

/* In one pass: this takes minutes otherwise. */
static void takes_no_longer_for_many_marks(void **state)
{
	enum { MARKS = 400000 };
	struct buf url;

	(void)state;
	buf_init(&url, MARKS + 64);
	buf_adds(&url, STR(S "?"));
	for (int i = 0; i < MARKS; i++)
		buf_addc(&url, '?');
	assert_false(url_is_personal(buf_str(&url)));
	buf_adds(&url, STR("email=x"));
	assert_true(url_is_personal(buf_str(&url)));
	buf_fini(&url);
}

static void finds_the_click_id(void **state)
{
	static const struct {
		const char *url, *value;
	} rows[] = {
		{S "?ttclid=E.C.P.abc", "E.C.P.abc"},
		{S "?a=1&ttclid=x&ttclid=y", "x"},
		{S "?ttclid=%20a%2Bb%20", "a+b"},
		{S "?ttclid=E.C.P.1%26email=jane", "E.C.P.1"},
		{S "?ttclid=E.C.P.1%3Femail=jane", "E.C.P.1"},
		{S "?ttclid=E.C.P.1%3Bip=192.0.2.1%23a", "E.C.P.1"},
		{S "?ttclid=https://y.de/?first_name=Ada", "https://y.de/"},
		{S "?ttclid=app://y?email=ada;ip=192.0.2.1", "app://y"},
		{S "?ttclid=%26a=1&ttclid=x", "x"},
		{S "?ttclid=a+b", "a+b"},
		{S "?ttclid=caf%C3%A9", "caf\xc3\xa9"},
		{S "?ttclid=100%&r=%4", "100%"},
		{S "?q=100%&ttclid=%4", "%4"},
		{S "?ttclid=a=b", "a=b"},
		{S "?a;ttclid=x", "x"},
		{"?ttclid=x", "x"},
		{S "?ttclid=x#ttclid=y", "x"},
		{S "?xttclid=x&TTCLID=y", "y"},
		{S "?a=1&amp;ttclid=x", "x"},
		{S "?a=1?ttclid=x", "x"},
		/* another address's is not the page's */
		{S "?to=https://y.de/p?ttclid=x", NULL},
		{S "?to=https://y.de/p?a=1;ttclid=x?ttclid=y", NULL},
		{S "?to=https://y.de/p;ttclid=x", NULL},
		{S "?a=1;to=https://y.de/?ttclid=x&b=1?ttclid=y", "y"},
		{S "?to=https://y.de/?ttclid=x&amp;ttclid=y", "y"},
		{S "?to=https%3A%2F%2Fy.de%2F?ttclid=x", "x"},
		{S "?to=https://y.de/?a=1#&ttclid=x", NULL},
		{S "?ttclid=&ttclid=__CLICKID__&ttclid=%00&ttclid=x", "x"},
		{S "?ttcli\\=x&ttclid", NULL},
		{S "#?ttclid=x", NULL},
		{S "ttclid=x", NULL},
		{S "?ttclid=", NULL},
		{S "?ttclid", NULL},
		{S "?ttclid=%00", NULL},
		{S "?ttclid=__CLICKID__", NULL},
		{S "?ttclid=%20", NULL},
		{S "?ttclid=%20&a=1", NULL},
		{S "?ttclid=a%0Ab", NULL},
		{S "?ttclid=%FF", NULL},
		{S "?", NULL},
		{"", NULL},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool found;

		buf_clear(&b);
		buf_addc(&b, '<');
		found = url_ttclid(str_of(rows[i].url), &b);
		if (found != (rows[i].value != NULL))
			fail_msg("%s", rows[i].url);
		assert_string_equal(buf_z(&b) + 1, found ? rows[i].value : "");
	}
	buf_fini(&b);
}

static const char *const personal[] = {"access_token",
				       "address",
				       "address_line_1",
				       "api_key",
				       "auth",
				       "birthday",
				       "card_number",
				       "cell",
				       "client_secret",
				       "cvv",
				       "date_of_birth",
				       "dob",
				       "email",
				       "email_address",
				       "family_name",
				       "fname",
				       "full_name",
				       "given_name",
				       "iban",
				       "jwt",
				       "last_name",
				       "lname",
				       "login",
				       "mail",
				       "middle_name",
				       "mobile",
				       "mobile_phone",
				       "msisdn",
				       "name",
				       "otp",
				       "pass",
				       "passwd",
				       "password",
				       "phone",
				       "phone_number",
				       "postal_code",
				       "postcode",
				       "pwd",
				       "refresh_token",
				       "secret",
				       "ssn",
				       "street",
				       "street_address",
				       "surname",
				       "tax_id",
				       "tel",
				       "telephone",
				       "token",
				       "username",
				       "whatsapp",
				       "zip",
				       "zip_code",
				       "PHPSESSID",
				       "JSESSIONID",
				       "session_id",
				       "_hsenc",
				       "_kx",
				       "mc_eid",
				       "mkt_tok",
				       "ml_subscriber_hash",
				       "oly_enc_id",
				       "vero_id",
				       "vgo_ee",
				       "ck_subscriber_id"};

/* The tables are searched by halves: a word out of order would never be found. */
static void knows_every_name(void **state)
{
	static const char *const kept[] = {
		"dclid",     "epik",       "fbc",     "fbclid", "fbp",
		"_fbp",      "gad_source", "gbraid",  "gclid",  "irclickid",
		"li_fat_id", "msclkid",    "rdt_cid", "ScCid",  "ttclid",
		"_ttp",      "ttp",        "twclid",  "wbraid", "yclid"};
	char param[64];

	(void)state;
	for (size_t i = 0; i < COUNT(personal); i++) {
		snprintf(param, sizeof(param), "%s=x", personal[i]);
		if (!param_is_personal(str_of(param)))
			fail_msg("%s", param);
		snprintf(param, sizeof(param), "shipping-%s2=x", personal[i]);
		if (!param_is_personal(str_of(param)))
			fail_msg("%s", param);
	}
	for (size_t i = 0; i < COUNT(kept); i++) {
		snprintf(param, sizeof(param), "%s=4915123456789", kept[i]);
		if (param_is_personal(str_of(param)))
			fail_msg("%s", param);
	}
}

/* Harmless is what scrubbing leaves alone, and never what it changes. */
static void knows_what_is_harmless(void **state)
{
	static const struct {
		const char *url;
		bool harmless;
	} rows[] = {
		{"", true},
		{S, true},
		{S "a/b.html", true},
		{S "?", true},
		{S "gr\xc3\xb6\xc3\x9f"
		   "e",
		 false},
		{S "checkout/done/and/more?utm_source=tiktok&ttclid=E.C.P.x-1", true},
		{S "?id=7&color=red;size=42&gclid=Cj0", true},
		{S "?a=1?b=2", false},
		{S "?id=7&email=e", false},
		{S "?id=7;first_name=bob", false},
		{S "?utm_id=1?email=e", false},
		{S "a&email=e", false},
		{S "a;b", false},
		{S "#top", false},
		{S "?id=7#email=e", false},
		{S "?q=a@b.co", false},
		{S "?q=a%40b.co", false},
		{S "a b", false},
		{S "?q=\x7f", false},
		{"https://u@x.de/", false},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str url = str_of(rows[i].url);

		if (url_is_harmless(url) != rows[i].harmless)
			fail_msg("%s", rows[i].url);
		buf_clear(&b);
		url_scrub(url, &b);
		if (rows[i].harmless && !str_eq(buf_str(&b), url))
			fail_msg("%s: %s", rows[i].url, buf_z(&b));
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_http),
		cmocka_unit_test(scrubs),
		cmocka_unit_test(tells_what_is_personal),
		cmocka_unit_test(takes_no_longer_for_many_marks),
		cmocka_unit_test(finds_the_click_id),
		cmocka_unit_test(knows_every_name),
		cmocka_unit_test(knows_what_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
