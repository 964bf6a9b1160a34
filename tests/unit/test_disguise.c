/* SPDX-License-Identifier: MIT
 *
 * Who somebody is in another writing, as it stands in addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/url.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S "https://x.de/"
#define HEX64 "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"

/* What is personal in another writing, or where an id belongs; NULL: unchanged. */
static void scrubs_disguises(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		/* in the place of a click id */
		{S "?ttclid=jane@x.de&a=1", S "?a=1"},
		{S "?gclid=jane%40x.de", S},
		{S "?ttp=a@x.de;_fbp=b%2540x.de", S},
		{S "?ttclid=+4915123456789", S},
		{S "?gclid=%2B49+151+23456789", S},
		{S "?ttclid=4915123456789&gclid=" HEX64, NULL},
		/* the digits of a blank's code are none of a hash's */
		{S
		 "?q=1%200123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd",
		 NULL},
		{S "?q=1%"
		   "200123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		 S},
		/* a query inside of a value */
		{S "?redirect=https%3A%2F%2Fx%2F%3Femail%3Djane&a=1", S "?a=1"},
		{S "?r=%2Fx%3Fphone%3D030901820", S},
		{S "?r=%2Fx%3Fa%3D1%26first_name%3DJane", S},
		{S "?r=%252Fx%253Fa%253D1%2526first_name%253DJane", S},
		{S "?r=/x%23access_token%3Dabc", S},
		{S "?state=email%3Djane", S},
		{S "?a==YUBiLmRl b&q=email=jane", S},
		{S "?ttclid=x%26email%3Djane", S},
		{S "?utm_content=x%26email%3Djane", S},
		/* what a campaign is called, in either writing */
		{S "?utm_content=name=Summer&gclid=name=x&ttclid=user[email]=x", NULL},
		{S "?utm_content=name%3DSummer&ttclid=user[email]%3Dx", NULL},
		{S "?r=https%3A%2F%2Fx%2F%3Femail&s=a%3Dname&t=%2Fname%3F", NULL},
		{S "?r=https%3A%2F%2Fx%2F%3Fpage%3D2%26ttclid%3DE.C.P.1", NULL},
		{S "p;r=%2Fx%3Femail%3Djane/q", S "p;/q"},
		/* a hash */
		{S "?h=" HEX64 "&a=1", S "?a=1"},
		{S "?utm_content=" HEX64, S},
		{S "?r=%2Fx%3Fh%3D" HEX64, S},
		{S "?h=x" HEX64 "-0", S},
		{S "?r=%2Fx%3Fh%3D" HEX64 "%26a%3D1", S},
		/* a token of an order, a signature of another kind */
		{S "?h=" HEX64 "0&i=" HEX64 HEX64, NULL},
		{S "?r=%2Fx%3Fh%3D" HEX64 HEX64 "&s=a" HEX64 "g", NULL},
		{S "?md5=d41d8cd98f00b204e9800998ecf8427e", NULL},
		/* base64: jane@example.com, {"e":"jörg@x.de"} */
		{S "?x=YUBiLmRl", S},
		{S "?e=amFuZUBleGFtcGxlLmNvbQ==&a=1", S "?a=1"},
		{S "?e=amFuZUBleGFtcGxlLmNvbQ%3D%3D", S},
		{S "?e=amFuZUBleGFtcGxlLmNvbQ", S},
		{S "?d=eyJlIjoiasO2cmdAeC5kZSJ9", S},
		{S "?r=%2Fx%3Fe%3DYUBiLmRl", S},
		{S "?x=YWJiLmRl&y=checkout_confirmation&z=AAAAAAAAAAAA&_ga=GA1.2.3.4",
		 NULL},
		{S "?utm_campaign=YUBiLmRl&gclid=YUBiLmRl", NULL},
		/* base64 of what is written as an address is */
		{S "?state=eyJpbWciOiJpbWdAMngucG5nIn0", NULL}, /* {"img":"img@2x.png"} */
		{S "?state=aHR0cHM6Ly9jZG4veEAzeC5qcGc", NULL}, /* https://cdn/x@3x.jpg */
		{S "?state=eyJoYW5kbGUiOiJAYnJhbmQuZGUifQ",
		 NULL},                                  /* {"handle":"@brand.de"} */
		{S "?state=eyJAYnJhbmQuZGUiOjF9", NULL}, /* {"@brand.de":1} */
		{S "?state=aW1nQDJ4LnBuZyxhQHguZGU", S}, /* img@2x.png,a@x.de */
		{S "?state=YUAyeC5wbmcuZGU", S},         /* a@2x.png.de */
		{S "?state=ImEgYiJAeC5kZQ", S},          /* "a b"@x.de */
		{S "?state=YV9AeC5kZQ", S},              /* a_@x.de */
		{S "?state=eyJpIjoiYUAyeC5wbmciLCJlIjoiYUB4LmRlIn0",
		 S}, /* {"i":"a@2x.png","e":"a@x.de"} */
		/* pictures for finer screens */
		{S "img@2x.png", NULL},
		{S "a/img%402x.JPG?v=icon@1.5x.svg,b", NULL},
		{S "a/logo@3x-1f2e.min.webp/b", NULL},
		{S "img@2x.png@x.de", S "redacted"},
		{S "jane@2x.jp/a@2x.pngs", S "redacted/redacted"},
		{S "jane@2x.png.de", S "redacted"},
		{S "jane@x.png/a@2y.png", S "redacted/redacted"},
		/* wide signs */
		{S "?e=jane%EF%BC%A0example.com", S},
		{S "?e=jane\xef\xbc\xa0"
		   "example\xef\xbc\x8e"
		   "com&a=1",
		 S "?a=1"},
		{S "?utm_term=jane\xef\xb9\xab"
		   "example.com",
		 S},
		{S "u/"
		   "\xef\xbd\x8a\xef\xbc\xa0\xef\xbd\x85\xef\xbc\x8e\xef\xbd\x83\xef\xbd"
		   "\x8f",
		 S "u/redacted"},
		{S "?q=\xef\xbc\x81&r=%EF%BC%A0&s=%EF", NULL},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1024);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str in = str_of(rows[i].in);

		buf_clear(&b);
		url_scrub(in, &b);
		assert_string_equal(buf_z(&b), rows[i].out ? rows[i].out : rows[i].in);
		if (url_is_personal(in) != (rows[i].out != NULL) ||
		    url_is_personal(buf_str(&b)))
			fail_msg("%s", rows[i].in);
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scrubs_disguises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
