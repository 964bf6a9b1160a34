/* SPDX-License-Identifier: MIT */
#include "core/event_time.h"

#include "core/time_zone.h"

/* A text, read. */
struct moment {
	bool is_number;
	int64_t number;
	struct civil civil; /* a leap second is the next minute's first */
	bool has_offset;
	int32_t offset_s;
};

static int64_t seconds_of(int64_t n)
{
	if (n < INT64_C(100000000000))
		return n;
	if (n < INT64_C(100000000000000))
		return n / 1000;
	if (n < INT64_C(100000000000000000))
		return n / 1000000;
	return n / 1000000000;
}

static bool take(struct str *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = str_make(s->p + 1, s->len - 1);
	return true;
}

/* Exactly `count` digits. */
static bool take_digits(struct str *s, size_t count, int32_t *out)
{
	int32_t n = 0;

	if (s->len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!ascii_is_digit(s->p[i]))
			return false;
		n = n * 10 + (s->p[i] - '0');
	}
	*s = str_make(s->p + count, s->len - count);
	*out = n;
	return true;
}

/* A fraction is read over; false where its mark has no digit behind it. */
static bool skip_fraction(struct str *s)
{
	size_t i = 0;

	if (!take(s, '.') && !take(s, ','))
		return true;
	while (i < s->len && ascii_is_digit(s->p[i]))
		i++;
	*s = str_make(s->p + i, s->len - i);
	return i > 0;
}

/* Digits and perhaps a fraction, nothing else. */
static bool parse_number(struct str s, int64_t *out)
{
	int64_t n = 0;
	int32_t digit;

	if (s.len == 0 || !ascii_is_digit(s.p[0]))
		return false;
	while (take_digits(&s, 1, &digit))
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return false;
	if (!skip_fraction(&s) || s.len > 0)
		return false;
	*out = n;
	return true;
}

static int32_t days_in(int32_t year, int32_t month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30,
					     31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool parse_date(struct str *s, struct civil *c, bool *extended)
{
	if (!take_digits(s, 4, &c->year))
		return false;
	*extended = take(s, '-');
	return take_digits(s, 2, &c->month) && (!*extended || take(s, '-')) &&
	       take_digits(s, 2, &c->day) && c->year >= 1 && c->month >= 1 &&
	       c->month <= 12 && c->day >= 1 && c->day <= days_in(c->year, c->month);
}

static bool parse_clock(struct str *s, bool extended, struct civil *c)
{
	if (!take_digits(s, 2, &c->hour) || (extended && !take(s, ':')) ||
	    !take_digits(s, 2, &c->minute) || c->hour > 23 || c->minute > 59)
		return false;
	if (extended ? !take(s, ':') : s->len == 0 || !ascii_is_digit(s->p[0]))
		return true;
	if (!take_digits(s, 2, &c->second) || c->second > 60)
		return false;
	return skip_fraction(s);
}

/* Z, UTC, GMT, +hh, +hhmm, +hh:mm, behind a blank or not, or nothing. */
static bool parse_offset(struct str *s, struct moment *m)
{
	int32_t sign, hours, minutes = 0;

	if (s->len == 0)
		return true;
	m->has_offset = true;
	take(s, ' ');
	if (take(s, 'Z') || take(s, 'z'))
		return true;
	if (str_ieq(*s, STR("UTC")) || str_ieq(*s, STR("GMT"))) {
		s->len = 0;
		return true;
	}
	sign = s->len > 0 && s->p[0] == '-' ? -1 : 1;
	if ((!take(s, '+') && !take(s, '-')) || !take_digits(s, 2, &hours))
		return false;
	if (s->len > 0 && (take(s, ':'), !take_digits(s, 2, &minutes)))
		return false;
	m->offset_s = sign * (hours * 3600 + minutes * 60);
	return hours <= 23 && minutes <= 59;
}

static bool parse_text(struct str s, struct moment *m)
{
	bool extended;

	*m = (struct moment){.is_number = false};
	s = str_trim(s);
	m->is_number = parse_number(s, &m->number);
	if (m->is_number)
		return true;
	if (!parse_date(&s, &m->civil, &extended))
		return false;
	if (s.len == 0)
		return true;
	if (!take(&s, 'T') && !take(&s, 't') && !take(&s, ' '))
		return false;
	return parse_clock(&s, extended, &m->civil) && parse_offset(&s, m) && s.len == 0;
}

static bool resolve_text(struct str text, struct zone *local, int64_t *out)
{
	struct moment m;

	if (!parse_text(text, &m))
		return false;
	if (m.is_number)
		*out = seconds_of(m.number);
	else if (m.has_offset)
		*out = civil_to_unix(&m.civil) - m.offset_s;
	else
		*out = zone_from_civil(local, &m.civil);
	return true;
}

bool event_time_resolve(const struct event_time *in, struct zone *local, int64_t *unix_s)
{
	int64_t t = -1;

	switch (in->kind) {
	case EVENT_TIME_NONE: return false;
	case EVENT_TIME_INTEGER: t = seconds_of(in->integer); break;
	case EVENT_TIME_REAL:
		/* Below 2^63; false for NaN as well. */
		if (!(in->real >= 0 && in->real < 9223372036854775808.0))
			return false;
		t = seconds_of((int64_t)in->real);
		break;
	case EVENT_TIME_TEXT:
		if (!resolve_text(in->text, local, &t))
			return false;
		break;
	}
	if (t < 0 || t >= EVENT_TIME_END)
		return false;
	*unix_s = t;
	return true;
}

bool event_time_needs_zone(const struct event_time *in)
{
	struct moment m;

	return in->kind == EVENT_TIME_TEXT && parse_text(in->text, &m) && !m.is_number &&
	       !m.has_offset;
}
