/* SPDX-License-Identifier: MIT */
#include "core/phone_text.h"

#include <algorithm>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* Fewer digits, with the country's code or without, are nobody's number. */
static const size_t NUMBER_MIN = 5;

/* "+49 (0)33701": digits of an area's code with the country's. */
static const size_t AREA_MAX = 8;

static UChar32 next(const std::string &text, size_t *at)
{
	UChar32 c;

	U8_NEXT(text.data(), *at, text.size(), c);
	return c;
}

static bool is_extension(const std::string &text, size_t at)
{
	return text[at] == 'x' || text[at] == 'X' || text.compare(at, 3, "ext") == 0;
}

/* "24h", "9am", and "17 Uhr": the digits in front are the remark's. */
static bool is_unit(const std::string &text, size_t at)
{
	return (u_isdigit((unsigned char)text[at - 1]) && !is_extension(text, at)) ||
	       text.compare(at, 3, "Uhr") == 0;
}

/* 2345O678, and 4.9E+11, a spreadsheet's: what is in front of the letters is a part only. */
static bool goes_on(const std::string &text, size_t at)
{
	UChar32 c;

	if (at == 0 || !u_isdigit((unsigned char)text[at - 1]) || is_extension(text, at))
		return false;
	do
		c = next(text, &at);
	while (u_isalpha(c));
	return u_isdigit(c) || c == '+' || c == '-';
}

/* "/" with blanks around it is behind an area's code, or between two numbers. */
static bool parts_numbers(const std::string &text, size_t at, size_t digits)
{
	return digits > AREA_MAX && text[at - 1] == ' ' && text[at + 1] == ' ';
}

/* What a Japanese keyboard types for '-', in full width and half: to Unicode they are letters, as they
 * make the vowel in front of them long. */
static bool is_long_vowel(UChar32 c)
{
	return c == 0x30fc || c == 0xff70;
}

static bool is_letter(UChar32 c)
{
	return u_isalpha(c) && !is_long_vowel(c);
}

static bool is_plus(UChar32 c)
{
	return c == '+' || c == 0xff0b;
}

/* Too few digits for a number: a figure of what is written in front of one. */
static bool pass_over(struct phone_text *f, size_t digits)
{
	if (digits >= NUMBER_MIN || f->number[0] == '+')
		return false;
	f->figure = std::max(f->figure, digits);
	f->number.clear();
	return true;
}

/* Whether the text's number, as far as it was gathered, ends at `c`. */
static bool ends(const std::string &text, size_t at, UChar32 c, size_t digits)
{
	return digits > 0 &&
	       (is_letter(c) || is_plus(c) || c == ',' || c == ';' || c == '#' ||
		c == '\n' || c == '\r' || (c == '/' && parts_numbers(text, at, digits)));
}

static void add_mark(struct phone_text *f, const std::string &text, size_t from,
		     size_t to, UChar32 c)
{
	bool blank = u_isUWhiteSpace(c);

	f->joined = f->joined && (blank || c == '.' || c == ')');
	if (is_letter(c))
		f->number.clear();
	else if (is_plus(c))
		f->number += '+';
	else if (!f->number.empty() && blank)
		f->number += ' ';
	else if (!f->number.empty() && is_long_vowel(c))
		f->number += '-';
	else if (!f->number.empty())
		f->number.append(text, from, to - from);
}

void phone_text_find(const std::string &text, struct phone_text *f)
{
	size_t digits = 0;

	for (size_t at = 0, from = 0; at < text.size(); from = at) {
		UChar32 c = next(text, &at);
		int digit = u_charDigitValue(c);

		if (digit >= 0) {
			digits += digits > 0 || digit > 0;
			f->number += static_cast<char>('0' + digit);
			f->joined = true;
			continue;
		}
		if (is_letter(c) && goes_on(text, from)) {
			f->number.clear();
			return;
		}
		if (ends(text, from, c, digits)) {
			if (!pass_over(f, digits)) {
				f->cut = is_letter(c);
				f->unit = f->cut && is_unit(text, from);
				return;
			}
			digits = 0;
		}
		add_mark(f, text, from, at, c);
	}
}
