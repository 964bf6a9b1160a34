/* SPDX-License-Identifier: MIT */
#include "core/statement.h"

int statement_pack(const struct consent *c)
{
	return c->ad_user_data | c->ad_personalization << 2 | c->ad_storage << 4 |
	       c->analytics_storage << 6;
}

struct consent statement_unpack(int packed)
{
	return (struct consent){
		(unsigned char)(packed & 3), (unsigned char)(packed >> 2 & 3),
		(unsigned char)(packed >> 4 & 3), (unsigned char)(packed >> 6 & 3), true};
}

/* The milliseconds of "…:05.123Z"; of a time without a fraction 0. */
static int64_t fraction_ms(struct str text)
{
	size_t at = 0;
	int64_t ms = 0, unit = 100;

	while (at < text.len && text.p[at] != ':')
		at++;
	while (at < text.len && text.p[at] != '.' && text.p[at] != ',')
		at++;
	for (at++; at < text.len && unit > 0 && ascii_is_digit(text.p[at]); at++) {
		ms += (text.p[at] - '0') * unit;
		unit /= 10;
	}
	return ms;
}

static int64_t scaled_ms(int64_t n, int64_t seconds)
{
	while (n / 1000 > seconds)
		n /= 1000;
	return n;
}

bool statement_time_ms(const struct event_time *in, struct zone *local, int64_t *ms)
{
	int64_t s;

	if (!event_time_resolve(in, local, &s))
		return false;
	*ms = s * 1000;
	if (in->kind == EVENT_TIME_TEXT)
		*ms += fraction_ms(in->text);
	else if (in->kind == EVENT_TIME_INTEGER && in->integer != s)
		*ms = scaled_ms(in->integer, s);
	else if (in->kind == EVENT_TIME_REAL && in->real < 1e18)
		*ms = in->real < 1e11 ? (int64_t)(in->real * 1000)
				      : scaled_ms((int64_t)in->real, s);
	return true;
}

bool statement_is_after(const struct statement *s, int64_t ms)
{
	if (s->stated_ms % 1000 == 0)
		return s->stated_ms / 1000 >= ms / 1000;
	return s->stated_ms > ms;
}
