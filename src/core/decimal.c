/* SPDX-License-Identifier: MIT */
#include "core/decimal.h"

/* Past any double and far from the ends of int64_t. */
#define POINT_LIMIT INT64_C(1000000000000)

/* ECMAScript's longest number without an exponent. */
#define PLAIN_DIGITS 21

static const char *digits_end(const char *p, const char *end)
{
	while (p < end && ascii_is_digit(*p))
		p++;
	return p;
}

static const char *exponent_end(const char *p, const char *end)
{
	const char *from;

	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	from = p;
	p = digits_end(p, end);
	return p > from ? p : NULL;
}

const char *decimal_end(const char *p, const char *end, unsigned *form)
{
	const char *from;

	*form = 0;
	if (p < end && *p == '-')
		p++;
	from = p;
	p = digits_end(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.') {
		*form = DECIMAL_FRACTION;
		from = ++p;
		p = digits_end(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		*form |= DECIMAL_EXPONENT;
		return exponent_end(p, end);
	}
	return p;
}

/* The exponent behind the digits, held within POINT_LIMIT. */
static int64_t read_exponent(const char *p, const char *end)
{
	bool negative = false;
	int64_t value = 0;

	if (p == end)
		return 0;
	p++;
	if (*p == '-' || *p == '+')
		negative = *p++ == '-';
	for (; p < end; p++)
		if (value < POINT_LIMIT)
			value = value * 10 + (*p - '0');
	return negative ? -value : value;
}

bool decimal_read(struct str text, struct decimal *out)
{
	const char *p = text.p, *end = text.p + text.len, *dot = NULL, *tail;
	unsigned form;

	if (text.len == 0 || decimal_end(p, end, &form) != end)
		return false;
	*out = (struct decimal){.negative = *p == '-'};
	p += out->negative;
	for (tail = p; tail < end && *tail != 'e' && *tail != 'E'; tail++)
		if (*tail == '.')
			dot = tail;
	out->point = (dot ? dot : tail) - p + read_exponent(tail, end);
	for (; p < tail && (*p == '0' || *p == '.'); p++)
		out->point -= *p == '0';
	while (tail > p && (tail[-1] == '0' || tail[-1] == '.')) {
		/* The zeros of an integer count in its point already. */
		tail--;
	}
	out->digits = str_make(p, (size_t)(tail - p));
	out->count = out->digits.len - (dot && dot > p && dot < tail);
	if (out->count == 0)
		out->point = 0;
	return true;
}

bool decimal_is_huge(const struct decimal *d)
{
	/* Half a unit above DBL_MAX: from here on a double is infinite. */
	static const char limit[] = "179769313486231580793728971405303415";
	size_t at = 0;

	if (d->count == 0 || d->point < 309)
		return false;
	if (d->point > 309)
		return true;
	for (size_t i = 0; i < d->digits.len && limit[at]; i++) {
		char c = d->digits.p[i];

		if (c == '.')
			continue;
		if (c != limit[at])
			return c > limit[at];
		at++;
	}
	return !limit[at];
}

bool decimal_to_integer(const struct decimal *d, int64_t *out)
{
	int64_t value = 0, at = 0;

	if (d->point > DECIMAL_INTEGER_DIGITS || d->point < (int64_t)d->count)
		return false;
	for (size_t i = 0; i < d->digits.len; i++) {
		if (d->digits.p[i] == '.')
			continue;
		value = value * 10 + (d->digits.p[i] - '0');
		at++;
	}
	for (; d->count > 0 && at < d->point; at++)
		value *= 10;
	*out = d->negative ? -value : value;
	return true;
}

bool decimal_is_whole(const struct decimal *d)
{
	return d->point >= (int64_t)d->count && d->point <= PLAIN_DIGITS;
}

static void add_zeros(struct buf *out, int64_t count)
{
	while (count-- > 0)
		buf_addc(out, '0');
}

/* The digits, with a point behind the first `before` of them. */
static void add_digits(const struct decimal *d, int64_t before, struct buf *out)
{
	int64_t at = 0;

	for (size_t i = 0; i < d->digits.len; i++) {
		if (d->digits.p[i] == '.')
			continue;
		if (at++ == before)
			buf_addc(out, '.');
		buf_addc(out, d->digits.p[i]);
	}
}

void decimal_print(const struct decimal *d, struct buf *out)
{
	int64_t count = (int64_t)d->count;

	if (count == 0) {
		buf_addc(out, '0');
		return;
	}
	if (d->negative)
		buf_addc(out, '-');
	if (d->point > PLAIN_DIGITS || d->point <= -6) {
		add_digits(d, 1, out);
		buf_addc(out, 'e');
		if (d->point > 0)
			buf_addc(out, '+');
		buf_add_i64(out, d->point - 1);
		return;
	}
	if (d->point <= 0) {
		buf_addc(out, '0');
		buf_addc(out, '.');
		add_zeros(out, -d->point);
	}
	add_digits(d, d->point > 0 ? d->point : -1, out);
	add_zeros(out, d->point - count);
}
