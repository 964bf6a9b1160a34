/* SPDX-License-Identifier: MIT */

#include "check.h"
#include "core/json.h"
#include "core/personal.h"
#include "core/url.h"

static size_t find(struct str s, size_t from, const char *any)
{
	while (from < s.len && (s.p[from] == '\0' || strchr(any, s.p[from]) == NULL))
		from++;
	return from;
}

/* Neither userinfo nor fragment nor a byte that may not stand in a URL or a text. */
static void is_clean(struct str url)
{
	size_t at = find(url, 0, ":/\\?#@");

	CHECK(find(url, 0, "#") == url.len);
	for (size_t i = 0; i < url.len; i++)
		CHECK((unsigned char)url.p[i] > ' ' && url.p[i] != 0x7f);
	CHECK(utf8_valid(url));
	at = at < url.len && url.p[at] == ':' ? at + 1 : 0;
	if (url.len - at < 2 || find(url, at, "/\\") != at ||
	    find(url, at + 1, "/\\") != at + 1)
		return;
	at += 2;
	CHECK(memchr(url.p + at, '@', find(url, at, "/\\?#") - at) == NULL);
}

static void has_no_personal_param(struct str url)
{
	size_t at = find(url, 0, "?") + 1;

	while (at < url.len) {
		size_t stop = find(url, at, "&;");

		CHECK(!param_is_personal(str_make(url.p + at, stop - at)));
		at = stop + 1;
	}
}

/* What is found is printable, and the same where it is the only parameter. */
static void finds_what_it_says(struct str url, struct buf *out)
{
	buf_clear(out);
	buf_addc(out, '<');
	if (!url_ttclid(url, out)) {
		CHECK(out->len == 1);
		return;
	}
	CHECK(out->len > 1);
	for (size_t i = 0; i < out->len; i++)
		CHECK((unsigned char)out->p[i] >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str url = str_make((const char *)data, size);
	struct buf once, twice;

	buf_init(&once, 1 << 20);
	buf_init(&twice, 1 << 20);
	url_scrub(url, &once);
	url_scrub(buf_str(&once), &twice);
	CHECK(str_eq(buf_str(&once), buf_str(&twice)));
	CHECK(!url_is_personal(buf_str(&once)));
	CHECK(once.len <= 9 * size); /* "redacted" for "a@b.cc" is the most but %XX */
	is_clean(buf_str(&once));
	has_no_personal_param(buf_str(&once));
	CHECK(!url_is_http(url) || once.len > 0);
	finds_what_it_says(url, &twice);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
