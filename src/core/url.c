/* SPDX-License-Identifier: MIT */
#include "core/url.h"

#include "base/find_any.h"
#include "core/disguise.h"
#include "core/json.h"
#include "core/percent.h"
#include "core/personal.h"
#include "core/query.h"
#include "core/touch.h"

/* Written up to `done`; what follows is still to be looked at or to be copied. */
struct scrub {
	struct str url;
	size_t done;
	bool personal;   /* something was left out or replaced */
	bool anonymous;  /* names of devices count as well */
	struct buf *out; /* NULL: only asked whether there is anything personal */
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

static size_t find_within(struct str s, size_t from, size_t to, int end)
{
	return find(str_make(s.p, to), from, end);
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

/* The length of "http" or "https" in front; 0: neither. */
static size_t http_scheme(struct str url)
{
	uint32_t word;

	if (url.len < 5)
		return 0;
	memcpy(&word, url.p, sizeof(word));
	word |= UINT32_C(0x20202020);
	if (memcmp(&word, "http", sizeof(word)) != 0)
		return 0;
	return ascii_lower(url.p[4]) == 's' ? 5 : 4;
}

bool url_is_http(struct str url)
{
	size_t at;

	url = str_trim(url);
	at = http_scheme(url);
	return at > 0 && url.len > at + 3 && memcmp(url.p + at, "://", 3) == 0 &&
	       url.p[at + 3] != '#' &&
	       (ends[(unsigned char)url.p[at + 3]] & END_AUTHORITY) == 0;
}

bool url_is_app(struct str url)
{
	static const struct str fronts[] = {{"android-app://", 14}, {"ios-app://", 10}};

	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		size_t len = fronts[i].len;

		if (url.len > len && str_ieq(str_make(url.p, len), fronts[i]))
			return !is_unprintable(url.p[len]) && url.p[len] != '#' &&
			       (ends[(unsigned char)url.p[len]] & END_AUTHORITY) == 0;
	}
	return false;
}

/* Of the address of a page that an app's has in its path, encoded or as it stands. */
static size_t find_query(struct str url)
{
	struct str left = url;

	while (left.len > 0) {
		size_t at = url.len - left.len;
		char c = percent_next(&left);

		if (c == '?' || c == '#')
			return at;
	}
	return url.len;
}

struct str url_without_query(struct str url)
{
	return str_make(url.p, find_query(url));
}

/* Bytes that are no UTF-8 are what a browser writes in this way, too. */
static void encode(struct str s, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char wide = utf8_valid(s) ? 0 : 0x80;
	size_t done = 0;

	for (size_t i = 0; i < s.len; i++) {
		char code[3];

		if (!is_unprintable(s.p[i]) && !((unsigned char)s.p[i] & wide))
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
	if (s->out)
		encode(str_make(s->url.p + s->done, end - s->done), s->out);
	s->done = end;
}

static void write_instead(struct scrub *s, struct str text)
{
	if (s->out)
		buf_adds(s->out, text);
}

static void leave_out(struct scrub *s, size_t from, size_t to)
{
	copy_to(s, from);
	s->done = to;
	s->personal = true;
}

static struct str part(const struct scrub *s, size_t from, size_t to)
{
	return str_make(s->url.p + from, to - from);
}

static bool goes(const struct scrub *s, struct str param)
{
	return param_is_personal(param) || (s->anonymous && param_names_device(param));
}

/* The parameters that are written behind a segment: ";name=value", "&name=value". The mark
 * stays, and no segment at the very beginning is scrubbed: without them, what follows could
 * become the host. */
static void scrub_segment(struct scrub *s, size_t at, size_t end)
{
	for (at = find_within(s->url, at, end, END_PARAM); at < end;) {
		size_t stop = find_within(s->url, at + 1, end, END_PARAM);

		if (goes(s, part(s, at + 1, stop)))
			leave_out(s, at + 1, stop);
		at = stop;
	}
}

/* Up to the last '@' of the authority, and one in disguise (%40), and what is written behind a
 * host that has no path; returns the authority's end. */
static size_t scrub_authority(struct scrub *s, size_t start)
{
	size_t end = find(s->url, start, END_AUTHORITY);

	for (size_t i = end; i > start; i--) {
		if (s->url.p[i - 1] != '@')
			continue;
		leave_out(s, start, i);
		start = i;
		break;
	}
	if (holds_email(part(s, start, end))) {
		leave_out(s, start, end);
		write_instead(s, STR("redacted"));
	} else {
		scrub_segment(s, start, end);
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
			write_instead(s, STR("redacted"));
		} else if (at > 0) {
			scrub_segment(s, at, stop);
		}
		at = stop + 1;
	}
	return end;
}

/* A second '?' is somebody's mistake, and what is behind it a parameter to some: the whole is
 * judged, and each piece, once. */
static bool any_goes(const struct scrub *s, struct str param)
{
	struct str left = param;
	const char *mark;

	if (goes(s, param))
		return true;
	while (left.len > 0 && (mark = memchr(left.p, '?', left.len)) != NULL) {
		size_t len = (size_t)(mark - left.p);

		if (goes(s, str_make(left.p, len)))
			return true;
		left = str_make(mark + 1, left.len - len - 1);
	}
	return left.len < param.len && goes(s, left);
}

/* `start` is at the '?', which goes with the first parameter and comes back with the
 * first that stays. */
static void scrub_query(struct scrub *s, size_t start)
{
	size_t end = s->url.len, at = start + 1;
	bool kept = false, gap = false;

	for (;; at++) {
		size_t stop = find(s->url, at, END_PARAM);

		if (any_goes(s, part(s, at, stop))) {
			leave_out(s, at - 1, stop);
			gap = true;
		} else {
			if (!kept && gap) {
				write_instead(s, STR("?"));
				s->done = at;
			}
			kept = true;
		}
		at = stop;
		if (at == end)
			return;
	}
}

bool url_is_harmless(struct str url)
{
	const char *end, *at, *stop;

	if (url.len == 0)
		return true;
	end = url.p + url.len;
	at = find_any(url.p, end, "?&;@%#", FIND_BLANKS_AND_WIDE);
	if (at == end)
		return true;
	if (*at != '?' || find_any(at + 1, end, "?@%#", FIND_BLANKS_AND_WIDE) != end)
		return false;
	do {
		struct str param;

		stop = find_any(++at, end, "&;", false);
		param = str_make(at, (size_t)(stop - at));
		if (!param_has_campaign_name(param) && param_is_personal(param))
			return false;
		at = stop;
	} while (stop < end);
	return true;
}

/* A query in disguise: all of it goes, or nothing. */
static void cut_app_query(struct scrub *s)
{
	size_t at = find_query(s->url);
	struct str query = part(s, at, s->url.len);

	if (query.len == 0 || query.p[0] != '%')
		return;
	if (!holds_email(query) && !holds_query(query, pair_is_personal) &&
	    !(s->anonymous && holds_query(query, pair_names_device)))
		return;
	s->url.len = at;
	s->personal = true;
}

static void scrub(struct scrub *s)
{
	size_t at = authority_start(s->url);

	if (url_is_app(s->url))
		cut_app_query(s);
	if (at > 0)
		at = scrub_authority(s, at);
	at = scrub_path(s, at);
	if (at < s->url.len)
		scrub_query(s, at);
	copy_to(s, s->url.len);
}

void url_scrub(struct str url, struct buf *out)
{
	struct scrub s = {.out = out};

	url = str_trim(url);
	if (url_is_harmless(url)) {
		buf_adds(out, url);
		return;
	}
	s.url = without_fragment(url);
	scrub(&s);
}

void url_scrub_anonymous(struct str url, struct buf *out)
{
	struct scrub s = {.anonymous = true, .out = out};

	s.url = without_fragment(str_trim(url));
	scrub(&s);
}

/* Parameters again, to those who keep their state there. */
static bool fragment_is_personal(struct str fragment)
{
	const char *end = fragment.p + fragment.len, *at = fragment.p;

	while (at < end) {
		const char *stop = find_any(++at, end, "?&;#", false);

		if (param_is_personal(str_make(at, (size_t)(stop - at))))
			return true;
		at = stop;
	}
	return false;
}

bool url_is_personal(struct str url)
{
	struct scrub s = {.out = NULL};

	url = str_trim(url);
	if (url_is_harmless(url))
		return false;
	s.url = without_fragment(url);
	scrub(&s);
	return s.personal ||
	       fragment_is_personal(str_make(s.url.p + s.url.len, url.len - s.url.len));
}

/* A '+' stays: an id may have one, and never has a blank. */
static void decode(struct str s, struct buf *out)
{
	if (!memchr(s.p, '%', s.len)) {
		buf_adds(out, s);
		return;
	}
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '%' && i + 2 < s.len && ascii_is_hex(s.p[i + 1]) &&
		    ascii_is_hex(s.p[i + 2])) {
			c = (char)(ascii_nibble(s.p[i + 1]) * 16 +
				   ascii_nibble(s.p[i + 2]));
			i += 2;
		}
		buf_addc(out, c);
	}
}

/* Blanks are, and hardly any text has one. */
static bool is_printable_text(struct str s)
{
	if (s.len == 0)
		return false;
	if (find_any(s.p, s.p + s.len, "", true) != s.p + s.len)
		for (size_t i = 0; i < s.len; i++)
			if (is_unprintable(s.p[i]) && s.p[i] != ' ')
				return false;
	return utf8_valid(s);
}

/* No id has any of these: what stands behind one, encoded or in another address, is another
 * parameter. */
static struct str click_id_of(struct str said)
{
	const char *stop = find_any(said.p, said.p + said.len, "&;?#", false);

	return str_trim(str_make(said.p, (size_t)(stop - said.p)));
}

bool url_ttclid(struct str url, struct buf *out)
{
	size_t before = out->len;
	struct str query = query_of(url), param, value, said;

	while (query_next(&query, &param)) {
		if (!query_value(param, STR("ttclid"), &value))
			continue;
		decode(value, out);
		said = click_id_of(str_make(out->p + before, out->len - before));
		out->len = before;
		if (!out->full && is_printable_text(said) &&
		    !click_id_is_placeholder(said)) {
			if (said.p != out->p + before)
				memmove(out->p + before, said.p, said.len);
			out->len += said.len;
			return true;
		}
	}
	return false;
}
