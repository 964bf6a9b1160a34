/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/endpoint.h"

static const char *const allowed[] = {
	"https://business-api.tiktok.com",
	"https://BUSINESS-API.TikTok.com",
	"https://business-api.tiktok.com:443",
	"https://business-api.tiktok.com/a/prefix_1.0~",
	"https://sandbox-ads.tiktok.com",
	"https://tiktok.com",
	"https://127.0.0.1:8443",
	"https://localhost:8443",
	"https://[::1]:8443",
	"http://127.0.0.1",
	"http://127.0.0.1:1",
	"http://127.0.0.1:65535",
	"http://127.255.255.254",
	"http://[::1]",
	"http://[::1]:80",
};

/* Other hosts, and every spelling that one program reads otherwise than another. */
static const char *const refused[] = {
	"",
	"https://",
	"https:///x",
	"https://:443",
	"https://evil.example",
	"https://eviltiktok.com",
	"https://tiktok.com.evil.example",
	"https://business-api.tiktok.com.",
	"https://business-api..tiktok.com",
	"https://.tiktok.com",
	"https://-.tiktok.com",
	"https://a-.tiktok.com",
	"https://-a.tiktok.com",
	"https://a_b.tiktok.com",
	"https://business-api.t\u0131ktok.com",
	"https://business-api\u3002tiktok.com",
	"https://business-api%2etiktok.com",
	"https://xn--tktok-l4a.com",
	"https://user@business-api.tiktok.com",
	"https://user:word@business-api.tiktok.com",
	"https://business-api.tiktok.com@evil.example",
	"https://business-api.tiktok.com:443@evil.example",
	"https://evil.example#.tiktok.com",
	"https://evil.example?.tiktok.com",
	"https://evil.example\\.tiktok.com",
	"https://evil.example/.tiktok.com",
	"https://business-api.tiktok.com?x",
	"https://business-api.tiktok.com/../x",
	"https://business-api.tiktok.com/x y",
	"https://business-api.tiktok.com:",
	"https://business-api.tiktok.com:0",
	"https://business-api.tiktok.com:65536",
	"https://business-api.tiktok.com:99999",
	"https://business-api.tiktok.com:8x",
	"https://business-api.tiktok.com:80:80",
	"https://business-api.tiktok.com:-1",
	"https://business-api.tiktok.com\n",
	"https://localhost.",
	"https://localhost.evil.example",
	"https://10.0.0.1",
	"https://2130706433",
	"http://business-api.tiktok.com",
	"http://localhost",
	"http://127.0.0.1.",
	"http://127.0.0.1.evil.example",
	"http://127.0.0.1@evil.example",
	"http://127.0.0.1:80@evil.example",
	"http://127.0.0.1#@evil.example",
	"http://127.0.0.1\\@evil.example",
	"http://127.0.0.1%2eevil.example",
	"http://127.0.0.1 ",
	" http://127.0.0.1",
	"http://127.0.0.1\t",
	"http://127.0.0.1:",
	"http://127.0.0.1:http",
	"http://127.1",
	"http://2130706433",
	"http://0x7f.0.0.1",
	"http://0177.0.0.1",
	"http://\uff11\uff12\uff17.0.0.1",
	"http://128.0.0.1",
	"http://0.0.0.0",
	"http://[::1",
	"http://[::1]evil.example",
	"http://[::1]@evil.example",
	"http://[::2]",
	"http://[::ffff:127.0.0.1]",
	"http://[0:0:0:0:0:0:0:1]",
	"http:127.0.0.1",
	"http:/127.0.0.1",
	"//127.0.0.1",
	"127.0.0.1",
	"HTTP://127.0.0.1",
	"ftp://127.0.0.1",
	"file:///etc/passwd",
	"unix:///run/x",
};

static void only_tiktok_and_this_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (!endpoint_allowed(str_of(allowed[i])))
			fail_msg("'%s' is refused", allowed[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (endpoint_allowed(str_of(refused[i])))
			fail_msg("'%s' is allowed", refused[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_tiktok_and_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
