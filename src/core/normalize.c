/* SPDX-License-Identifier: MIT */
#include "core/normalize.h"

#include <arpa/inet.h>

#include "base/find_any.h"
#include "core/phone_number.h"
#include "core/real_text.h"
#include "core/unicode_fold.h"

/* RFC 5321's longest address and then some. */
#define EMAIL_MAX 320
/* Longer than a number with the words of its extension. */
#define PHONE_TEXT_MAX 128
#define LOCALE_MAX 35
#define DEVICE_ID_MAX 64

static bool is_alnum(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c);
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool is_ascii(struct str s)
{
	unsigned char any = 0;

	for (size_t i = 0; i < s.len; i++)
		any |= (unsigned char)s.p[i];
	return any < 0x80;
}

/* An append that counts only when it fits and adds something. */
static bool added(struct buf *out, size_t before)
{
	return !out->full && out->len > before;
}

static bool take_back(struct buf *out, size_t before)
{
	out->len = before;
	return false;
}

/* Room for `len` bytes behind the end; NULL where there is none or nothing to do. */
static char *room(struct buf *out, size_t len)
{
	if (len == 0 || len > NORMALIZE_IN_MAX || !buf_reserve(out, len))
		return NULL;
	return out->p + out->len;
}

/* One '@' with something on both sides, and no byte that must not stand there. */
static bool is_email(struct str s)
{
	const char *end = s.p + s.len, *at;

	if (s.len == 0 || s.len > EMAIL_MAX)
		return false;
	at = find_any(s.p, end, "@<>,;()\"", true);
	return at > s.p && at + 1 < end && *at == '@' &&
	       find_any(at + 1, end, "@<>,;()\"", true) == end;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* mailto:ada@shop.example?subject=…, Ada <ada@shop.example>, "ada@shop.example" */
static struct str unwrap(struct str s)
{
	const char *open, *query;

	if (s.len > 7 && s.p[6] == ':' && str_ieq(str_make(s.p, 7), STR("mailto:"))) {
		s = str_make(s.p + 7, s.len - 7);
		query = memchr(s.p, '?', s.len);
		s.len = query ? (size_t)(query - s.p) : s.len;
	}
	if (s.len > 2 && s.p[s.len - 1] == '>' &&
	    (open = memrchr(s.p, '<', s.len)) != NULL)
		s = str_make(open + 1, (size_t)(s.p + s.len - 1 - (open + 1)));
	if (s.len > 2 && is_quote(s.p[0]) && s.p[s.len - 1] == s.p[0])
		s = str_make(s.p + 1, s.len - 2);
	return str_trim(s);
}

bool normalize_email(struct str in, struct buf *out)
{
	size_t before = out->len;
	char *to;

	in = unwrap(str_trim(in));
	if (!is_ascii(in)) {
		if (!unicode_fold(in, FOLD_EMAIL, out))
			return false;
		return is_email(str_make(out->p + before, out->len - before)) ||
		       take_back(out, before);
	}
	if (!is_email(in) || (to = room(out, in.len)) == NULL)
		return false;
	for (size_t i = 0; i < in.len; i++)
		to[i] = ascii_lower(in.p[i]);
	out->len += in.len;
	return true;
}

/* As ITU-T E.164 assigns them: 1 and 7, else two or three digits. */
static size_t calling_code_len(const char *p)
{
	static const char *const three[10] = {
		[2] = "12345689", [3] = "578",    [4] = "2",  [5] = "09",
		[6] = "789",      [8] = "035789", [9] = "679"};
	const char *tens = three[p[0] - '0'];

	return tens ? (strchr(tens, p[1]) ? 3 : 2) : 1;
}

/* +44 07…: a number's national 0 is none behind the country's code, but in Italy. */
static bool is_e164(struct str s)
{
	if (s.len < 9 || s.len > 16 || s.p[0] != '+' || s.p[1] == '0')
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.p[1 + calling_code_len(s.p + 1)] != '0';
}

/* Spares libphonenumber "n/a", "-" and the like. */
static bool may_be_phone(struct str s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.len; i++)
		digits += ascii_is_digit(s.p[i]) || (unsigned char)s.p[i] >= 0x80;
	return digits >= 5 && s.len <= PHONE_TEXT_MAX;
}

bool normalize_phone(struct str in, const char *country, struct buf *out)
{
	size_t before = out->len;
	char e164[PHONE_NUMBER_MAX];

	in = str_trim(in);
	if (is_e164(in)) {
		buf_adds(out, in);
		return added(out, before);
	}
	in = real_text_phone(in);
	if (!may_be_phone(in) || !phone_number_e164(in.p, in.len, country, e164))
		return false;
	buf_adds(out, str_of(e164));
	return added(out, before);
}

bool normalize_name(struct str in, struct buf *out)
{
	size_t n = 0;
	char *to;

	in = str_trim(in);
	if (!is_ascii(in))
		return unicode_fold(in, FOLD_NAME, out);
	to = room(out, in.len);
	if (to == NULL)
		return false;
	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] != ' ' && !is_control(in.p[i]))
			to[n++] = ascii_lower(in.p[i]);
		else if (n > 0 && to[n - 1] != ' ')
			to[n++] = ' ';
	}
	n -= n > 0 && to[n - 1] == ' ';
	out->len += n;
	return n > 0;
}

bool normalize_zip(struct str in, struct buf *out)
{
	size_t n = 0;
	char *to;

	if (!is_ascii(in))
		return unicode_fold(in, FOLD_ZIP, out);
	to = room(out, in.len);
	if (to == NULL)
		return false;
	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] != ' ' && in.p[i] != '-' && !is_control(in.p[i]))
			to[n++] = ascii_lower(in.p[i]);
	out->len += n;
	return n > 0;
}

bool normalize_place(struct str in, struct buf *out)
{
	size_t n = 0;
	char *to;

	if (!is_ascii(in))
		return unicode_fold(in, FOLD_PLACE, out);
	to = room(out, in.len);
	if (to == NULL)
		return false;
	for (size_t i = 0; i < in.len; i++)
		if (is_alnum(in.p[i]))
			to[n++] = ascii_lower(in.p[i]);
	out->len += n;
	return n > 0;
}

bool normalize_external_id(struct str in, struct buf *out)
{
	size_t before = out->len;

	in = real_text_whole(str_trim(in));
	if (in.len > NORMALIZE_IN_MAX)
		return false;
	buf_adds(out, in);
	return added(out, before);
}

/* Nobody's on the internet: of a proxy, a container, a test on the machine itself. The
 * ranges for documentation are let through; TikTok takes them too. */
static bool is_local_ipv4(const unsigned char a[4])
{
	return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
	       (a[0] == 100 && (a[1] & 0xc0) == 64) || (a[0] == 169 && a[1] == 254) ||
	       (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168);
}

/* ::, ::1, fc00::/7, fe80::/10, ff00::/8 */
static bool is_local_ipv6(const unsigned char a[16])
{
	static const unsigned char zeros[15];

	return (memcmp(a, zeros, 15) == 0 && a[15] <= 1) || (a[0] & 0xfe) == 0xfc ||
	       (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) || a[0] == 0xff;
}

/* As inet_pton reads one: four decimal numbers up to 255, no zero in front of another
 * digit. */
static bool read_ipv4(struct str s, unsigned char a[4])
{
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		size_t from = at;
		unsigned value = 0;

		for (; at < s.len && at < from + 3 && ascii_is_digit(s.p[at]); at++)
			value = value * 10 + (unsigned)(s.p[at] - '0');
		if (at == from || value > 255 || (s.p[from] == '0' && at > from + 1))
			return false;
		a[i] = (unsigned char)value;
		if (i < 3 && (at == s.len || s.p[at++] != '.'))
			return false;
	}
	return at == s.len;
}

/* As it was written; "::ffff:203.0.113.9" is how a server that listens on both kinds
 * writes an IPv4 address, and becomes one. */
static bool put_ipv6(const char *text, struct buf *out)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned char a[16];

	if (inet_pton(AF_INET6, text, a) != 1 || is_local_ipv6(a))
		return false;
	if (memcmp(a, mapped, sizeof(mapped)) != 0)
		buf_adds(out, str_of(text));
	else if (is_local_ipv4(a + 12))
		return false;
	else
		buf_addf(out, "%d.%d.%d.%d", a[12], a[13], a[14], a[15]);
	return true;
}

static bool put_ip(struct str in, struct buf *out)
{
	size_t before = out->len;
	char text[INET6_ADDRSTRLEN];
	unsigned char a[4];

	in = str_trim(in);
	if (read_ipv4(in, a)) {
		if (!is_local_ipv4(a))
			buf_adds(out, in);
		return added(out, before);
	}
	if (in.len == 0 || in.len >= sizeof(text) || memchr(in.p, '\0', in.len) != NULL)
		return false;
	memcpy(text, in.p, in.len);
	text[in.len] = '\0';
	return put_ipv6(text, out) && added(out, before);
}

/* 203.0.113.9:443, [2001:db8::1]:443 */
static struct str without_port(struct str s)
{
	const char *end;

	if (s.len > 2 && s.p[0] == '[' && (end = memchr(s.p, ']', s.len)) != NULL)
		return str_make(s.p + 1, (size_t)(end - s.p - 1));
	end = memchr(s.p, ':', s.len);
	if (end && memchr(s.p, '.', (size_t)(end - s.p)))
		s.len = (size_t)(end - s.p);
	return s;
}

/* Of X-Forwarded-For the first that is no local one: the proxies stand behind it. */
bool normalize_ip(struct str in, struct buf *out)
{
	if (put_ip(in, out))
		return true;
	while (in.len > 0) {
		const char *comma = memchr(in.p, ',', in.len);
		size_t len = comma ? (size_t)(comma - in.p) : in.len;

		if (put_ip(without_port(str_trim(str_make(in.p, len))), out))
			return true;
		len += comma != NULL;
		in = str_make(in.p + len, in.len - len);
	}
	return false;
}

/* How a subtag of BCP 47 is written, by its place and length. */
static void write_subtag(struct str tag, bool first, bool extension, struct buf *out)
{
	bool region = !first && !extension && tag.len == 2;
	bool script = !first && !extension && tag.len == 4 && ascii_is_letter(tag.p[0]);

	if (!first)
		buf_addc(out, '-');
	for (size_t i = 0; i < tag.len; i++)
		buf_addc(out, region || (script && i == 0) ? ascii_upper(tag.p[i])
							   : ascii_lower(tag.p[i]));
}

static struct str take_subtag(struct str *s)
{
	size_t n = 0;
	struct str tag;

	while (n < s->len && s->p[n] != '-' && s->p[n] != '_')
		n++;
	tag = str_make(s->p, n);
	n += n < s->len;
	*s = str_make(s->p + n, s->len - n);
	return tag;
}

static bool is_subtag(struct str tag, bool first)
{
	if (tag.len == 0 || tag.len > 8 || (first && (tag.len < 2 || tag.len > 3)))
		return false;
	for (size_t i = 0; i < tag.len; i++)
		if (first ? !ascii_is_letter(tag.p[i]) : !is_alnum(tag.p[i]))
			return false;
	return true;
}

/* Without ".UTF-8" and "@euro". */
static struct str without_posix(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '.' || s.p[i] == '@')
			return str_make(s.p, i);
	return s;
}

bool normalize_locale(struct str in, struct buf *out)
{
	size_t before = out->len;
	bool first = true, extension = false;

	in = without_posix(str_trim(in));
	if (in.len == 0 || in.len > LOCALE_MAX || in.p[in.len - 1] == '-' ||
	    in.p[in.len - 1] == '_')
		return false;
	while (in.len > 0) {
		struct str tag = take_subtag(&in);

		if (!is_subtag(tag, first))
			return take_back(out, before);
		extension = extension || tag.len == 1;
		write_subtag(tag, first, extension, out);
		first = false;
	}
	return added(out, before) || take_back(out, before);
}

bool normalize_currency(struct str in, struct buf *out)
{
	size_t before = out->len;
	char code[3];

	in = str_trim(in);
	if (in.len != sizeof(code))
		return false;
	for (size_t i = 0; i < sizeof(code); i++) {
		if (!ascii_is_letter(in.p[i]))
			return false;
		code[i] = ascii_upper(in.p[i]);
	}
	buf_add(out, code, sizeof(code));
	return added(out, before);
}

static bool device_id(struct str in, bool upper, struct buf *out)
{
	bool some = false;
	char *to;

	in = str_trim(in);
	if (in.len > DEVICE_ID_MAX || (to = room(out, in.len)) == NULL)
		return false;
	for (size_t i = 0; i < in.len; i++) {
		if (!is_alnum(in.p[i]) && in.p[i] != '-')
			return false;
		some = some || (in.p[i] != '0' && in.p[i] != '-');
		to[i] = upper ? ascii_upper(in.p[i]) : ascii_lower(in.p[i]);
	}
	if (some)
		out->len += in.len;
	return some;
}

bool normalize_idfa(struct str in, struct buf *out)
{
	return device_id(in, true, out);
}

bool normalize_gaid(struct str in, struct buf *out)
{
	return device_id(in, false, out);
}
