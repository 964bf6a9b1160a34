/* SPDX-License-Identifier: MIT */
#include "core/url.h"

#include "core/json.h"
#include "core/personal.h"

/* Written up to `done`; what follows is still to be looked at or to be copied. */
struct scrub {
	struct str url;
	size_t done;
	struct buf *out;
};

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

static bool is_unprintable(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* What a byte may end. */
enum { END_SCHEME = 1, END_AUTHORITY = 2, END_SEGMENT = 4, END_PATH = 8, END_PARAM = 16 };

static const unsigned char ends[256] = {
	['/'] = END_SCHEME | END_AUTHORITY | END_SEGMENT,
	['\\'] = END_SCHEME | END_AUTHORITY | END_SEGMENT,
	['?'] = END_SCHEME | END_AUTHORITY | END_SEGMENT | END_PATH,
	[':'] = END_SCHEME,
	['@'] = END_SCHEME,
	['&'] = END_PARAM,
	[';'] = END_PARAM,
};

static size_t find(struct str s, size_t from, int end)
{
	while (from < s.len && (ends[(unsigned char)s.p[from]] & end) == 0)
		from++;
	return from;
}

/* A fragment ends everything, so it goes first. */
static struct str without_fragment(struct str url)
{
	const char *hash = url.len > 0 ? memchr(url.p, '#', url.len) : NULL;

	return hash != NULL ? str_make(url.p, (size_t)(hash - url.p)) : url;
}

/* Behind "scheme://" or a leading "//"; 0 where there is no authority. */
static size_t authority_start(struct str url)
{
	size_t at = find(url, 0, END_SCHEME);

	at = at < url.len && url.p[at] == ':' ? at + 1 : 0;
	return url.len - at >= 2 && is_slash(url.p[at]) && is_slash(url.p[at + 1])
		       ? at + 2
		       : 0;
}

bool url_is_http(struct str url)
{
	size_t at;

	url = without_fragment(str_trim(url));
	if (url.len >= 5 && str_ieq(str_make(url.p, 5), STR("https")))
		at = 5;
	else if (url.len >= 4 && str_ieq(str_make(url.p, 4), STR("http")))
		at = 4;
	else
		return false;
	return url.len > at + 3 && memcmp(url.p + at, "://", 3) == 0 &&
	       find(url, at + 3, END_AUTHORITY) > at + 3;
}

static void encode(struct str s, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t done = 0;

	for (size_t i = 0; i < s.len; i++) {
		char code[3];

		if (!is_unprintable(s.p[i]))
			continue;
		buf_add(out, s.p + done, i - done);
		code[0] = '%';
		code[1] = digits[(unsigned char)s.p[i] >> 4];
		code[2] = digits[(unsigned char)s.p[i] & 15];
		buf_add(out, code, 3);
		done = i + 1;
	}
	buf_add(out, s.p + done, s.len - done);
}

static void copy_to(struct scrub *s, size_t end)
{
	encode(str_make(s->url.p + s->done, end - s->done), s->out);
	s->done = end;
}

static void leave_out(struct scrub *s, size_t from, size_t to)
{
	copy_to(s, from);
	s->done = to;
}

static struct str part(const struct scrub *s, size_t from, size_t to)
{
	return str_make(s->url.p + from, to - from);
}

/* Up to the last '@' of the authority; returns the authority's end. */
static size_t scrub_authority(struct scrub *s, size_t start)
{
	size_t end = find(s->url, start, END_AUTHORITY);

	for (size_t i = end; i > start; i--) {
		if (s->url.p[i - 1] != '@')
			continue;
		leave_out(s, start, i);
		break;
	}
	return end;
}

static size_t scrub_path(struct scrub *s, size_t at)
{
	size_t end = find(s->url, at, END_PATH);

	while (at < end) {
		size_t stop = find(s->url, at, END_SEGMENT);

		if (holds_email(part(s, at, stop))) {
			leave_out(s, at, stop);
			buf_adds(s->out, STR("redacted"));
		}
		at = stop + 1;
	}
	return end;
}

/* A second '?' is somebody's mistake, and what is behind it a parameter to some. */
static bool is_personal(struct str param)
{
	struct str left = param;
	const char *mark;

	if (param_is_personal(param))
		return true;
	while (left.len > 0 && (mark = memchr(left.p, '?', left.len)) != NULL) {
		struct str piece = str_make(left.p, (size_t)(mark - left.p));

		left = str_make(mark + 1, left.len - piece.len - 1);
		if (param_is_personal(piece) || param_is_personal(left))
			return true;
	}
	return false;
}

/* `start` is at the '?', which goes with the first parameter and comes back with the
 * first that stays. */
static void scrub_query(struct scrub *s, size_t start)
{
	size_t end = s->url.len, at = start + 1;
	bool kept = false, gap = false;

	for (;; at++) {
		size_t stop = find(s->url, at, END_PARAM);

		if (is_personal(part(s, at, stop))) {
			leave_out(s, at - 1, stop);
			gap = true;
		} else {
			if (!kept && gap) {
				buf_addc(s->out, '?');
				s->done = at;
			}
			kept = true;
		}
		at = stop;
		if (at == end)
			return;
	}
}

/* Bytes that make a closer look necessary, and the one that begins the query. */
enum { ODD = 1, QUERY = 2 };

static const unsigned char looks[256] = {
	['@'] = ODD, ['%'] = ODD, ['#'] = ODD, [0x7f] = ODD, ['?'] = QUERY};

/* Nothing below could find anything: no address, no userinfo, no fragment, and parameters
 * that are nobody's. */
static bool is_harmless(struct str url)
{
	size_t query = url.len;

	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.p[i], look = looks[c];

		if (c <= ' ' || look == ODD)
			return false;
		if (look && query == url.len)
			query = i;
	}
	for (size_t at = query + 1; at <= url.len; at++) {
		size_t stop = find(url, at, END_PARAM);
		struct str param = str_make(url.p + at, stop - at);

		if ((!param_is_campaign(param) || memchr(param.p, '?', param.len)) &&
		    is_personal(param))
			return false;
		at = stop;
	}
	return true;
}

void url_scrub(struct str url, struct buf *out)
{
	struct scrub s = {.url = str_trim(url), .out = out};
	size_t at;

	if (is_harmless(s.url)) {
		buf_adds(out, s.url);
		return;
	}
	s.url = without_fragment(s.url);
	at = authority_start(s.url);
	if (at > 0)
		at = scrub_authority(&s, at);
	at = scrub_path(&s, at);
	if (at < s.url.len)
		scrub_query(&s, at);
	copy_to(&s, s.url.len);
}

/* The value behind `name`= in `query`, which begins with its '?'. */
static bool find_param(struct str query, struct str name, struct str *value)
{
	const char *end = query.p + query.len, *at = query.p + 1;

	while ((at = memmem(at, (size_t)(end - at), name.p, name.len)) != NULL) {
		const char *from = at + name.len + 1;

		if (from <= end && from[-1] == '=' &&
		    (at == query.p + 1 || ends[(unsigned char)at[-1]] & END_PARAM)) {
			struct str rest = str_make(from, (size_t)(end - from));

			*value = str_make(from, find(rest, 0, END_PARAM));
			return true;
		}
		at++;
	}
	return false;
}

static int hex_of(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	return ascii_is_hex(c) ? ascii_lower(c) - 'a' + 10 : -1;
}

static void decode(struct str s, bool plus_is_blank, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '%' && i + 2 < s.len && ascii_is_hex(s.p[i + 1]) &&
		    ascii_is_hex(s.p[i + 2])) {
			c = (char)(hex_of(s.p[i + 1]) * 16 + hex_of(s.p[i + 2]));
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		buf_addc(out, c);
	}
}

static bool is_printable_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_unprintable(s.p[i]) && s.p[i] != ' ')
			return false;
	return s.len > 0 && utf8_valid(s);
}

bool url_query_param(struct str url, struct str name, struct buf *out)
{
	size_t before = out->len;
	const char *query;
	struct str value;

	url = without_fragment(url);
	query = url.len > 0 ? memchr(url.p, '?', url.len) : NULL;
	if (!query ||
	    !find_param(str_make(query, url.len - (size_t)(query - url.p)), name, &value))
		return false;
	decode(value, str_starts(name, STR("utm_")), out);
	if (!out->full && is_printable_text(str_make(out->p + before, out->len - before)))
		return true;
	out->len = before;
	return false;
}
