/* SPDX-License-Identifier: MIT */
#include "run/page_parts.h"

#include "base/typed.h"

enum { DAY_S = 86400 };

static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void page_put(struct buf *out, const char *html)
{
	buf_adds(out, str_of(html));
}

void page_words(struct buf *out, struct str words)
{
	struct buf typed;

	buf_init(&typed, TYPED_MAX(words.len));
	typed_add(&typed, words);
	html_add(out, buf_str(&typed));
	buf_fini(&typed);
}

void page_count(struct buf *out, int64_t count)
{
	html_add_count(out, count);
}

void page_age(struct buf *out, int64_t seconds)
{
	if (seconds < 100)
		buf_addf(out, "%lld s", (long long)seconds);
	else if (seconds < 100 * 60)
		buf_addf(out, "%lld min", (long long)(seconds / 60));
	else if (seconds < 2 * DAY_S)
		buf_addf(out, "%lld h", (long long)(seconds / 3600));
	else
		buf_addf(out, "%lld days", (long long)(seconds / DAY_S));
}

void page_bytes(struct buf *out, int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double value = (double)bytes;
	int unit = 0;

	for (; value >= 1000 && unit < 4; unit++)
		value /= 1000;
	buf_addf(out, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void page_bound(struct buf *out, int64_t ms)
{
	if (ms < 0)
		page_put(out, "more");
	else if (ms < 1000)
		buf_addf(out, "%lld ms", (long long)ms);
	else if (ms < 60000)
		buf_addf(out, "%g s", (double)ms / 1000);
	else
		page_age(out, ms / 1000);
}

static int digits(struct str s, size_t at, size_t len)
{
	int value = 0;

	for (size_t i = at; i < at + len; i++)
		value = value * 10 + (ascii_is_digit(s.p[i]) ? s.p[i] - '0' : 0);
	return value;
}

/* "2025-11-25T14:05:09.123Z"; false for anything else. */
static bool moment_of(struct str utc, int64_t *unix_s)
{
	struct civil c;

	if (utc.len < 20 || utc.p[4] != '-' || utc.p[10] != 'T' || utc.p[13] != ':')
		return false;
	c = (struct civil){digits(utc, 0, 4),  digits(utc, 5, 2),  digits(utc, 8, 2),
			   digits(utc, 11, 2), digits(utc, 14, 2), digits(utc, 17, 2)};
	if (c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31)
		return false;
	*unix_s = civil_to_unix(&c);
	return true;
}

void page_clock(struct buf *out, int64_t unix_s, int32_t offset_s)
{
	int64_t local = unix_s + offset_s;
	int64_t of_day = ((local % DAY_S) + DAY_S) % DAY_S;

	buf_addf(out, "%02d:%02d", (int)(of_day / 3600), (int)(of_day / 60 % 60));
}

static int64_t day_of(int64_t local_s)
{
	return (local_s - (((local_s % DAY_S) + DAY_S) % DAY_S)) / DAY_S;
}

void page_time(struct buf *out, const struct overview *o, struct str utc)
{
	int64_t at, local, now = o->now_s + zone_offset(o->clock, o->now_s);
	struct buf text;

	if (!moment_of(utc, &at)) {
		html_add(out, utc);
		return;
	}
	local = at + zone_offset(o->clock, at);
	buf_init(&text, 64);
	civil_format(local, 0, &text); /* for month and day */
	page_put(out, "<time datetime=\"");
	html_add(out, utc);
	page_put(out, "\">");
	if (day_of(local) != day_of(now))
		buf_addf(out, "%d %s ", digits(buf_str(&text), 8, 2),
			 months[(digits(buf_str(&text), 5, 2) + 11) % 12]);
	page_clock(out, local, 0);
	page_put(out, "</time>");
	buf_fini(&text);
}

void page_event(struct buf *out, struct str event_id)
{
	page_put(out, "<button class=\"link\" form=\"nav\" name=\"event_id\" value=\"");
	html_add(out, event_id);
	page_put(out, "\">");
	html_add_cut(out, event_id, 60);
	page_put(out, "</button>");
}

void page_bar(struct buf *out, double from, double share, const char *kind)
{
	double width = share < 0 ? 0 : share > 1 ? 100 : share * 100;

	if (width > 0 && width < 0.6)
		width = 0.6; /* something is not nothing */
	buf_addf(out,
		 "<svg viewBox=\"0 0 100 9\" preserveAspectRatio=\"none\" "
		 "aria-hidden=\"true\"><rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" "
		 "height=\"9\"/></svg>",
		 kind, from * 100 + width > 100 ? 100 - width : from * 100, width);
}
