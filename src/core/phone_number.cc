/* SPDX-License-Identifier: MIT */
#include "core/phone_number.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

/* The library logs to stdout unless told otherwise. */
static PhoneNumberUtil *library()
{
	static PhoneNumberUtil *const util = [] {
		PhoneNumberUtil *u = PhoneNumberUtil::GetInstance();

		u->SetLogger(new NullLogger);
		return u;
	}();

	return util;
}

static bool read(const std::string &text, const std::string &country, PhoneNumber *number)
{
	return library()->Parse(text, country, number) ==
	       PhoneNumberUtil::NO_PARSING_ERROR;
}

/* National digits, to be taken for a number that no table knows: fewer are an extension, a
 * part, or somebody's "12345". */
static const size_t NATIONAL_MIN = 8;

/* With the country's code. */
static const size_t E164_MIN = 8, E164_MAX = 15;

/* Fewer digits, with the country's code or without, are nobody's number. */
static const size_t NUMBER_MIN = 5;

/* "+49 (0)33701": digits of an area's code with the country's. */
static const size_t AREA_MAX = 8;

/* 12345678, 98765432, 00000000: what is typed where a number is demanded. */
static bool is_typed_along(const std::string &digits)
{
	for (int step : {0, 1, 9}) {
		size_t i = 1;

		while (i < digits.size() && (digits[i] - digits[i - 1] + 10) % 10 == step)
			i++;
		if (i == digits.size())
			return true;
	}
	return false;
}

static std::string e164_of(const PhoneNumber &number)
{
	std::string e164;

	library()->Format(number, PhoneNumberUtil::E164, &e164);
	return e164;
}

static std::string national_of(const PhoneNumber &number)
{
	std::string national;

	library()->GetNationalSignificantNumber(number, &national);
	return national;
}

/* As long as a number is there: the tables of valid ranges are years behind, and leave out
 * what is kept free for examples. */
static bool is_possible(const PhoneNumber &number)
{
	const std::string national = national_of(number);

	return library()->IsPossibleNumberWithReason(number) ==
		       PhoneNumberUtil::IS_POSSIBLE &&
	       national.size() >= NATIONAL_MIN && !is_typed_along(national);
}

static bool is_mobile(const PhoneNumber &number)
{
	switch (library()->GetNumberType(number)) {
	case PhoneNumberUtil::MOBILE:
	case PhoneNumberUtil::FIXED_LINE_OR_MOBILE: return true;
	default: return false;
	}
}

/* An export that dropped the '+' of its own country: 4915123456789 in Germany. Where it is
 * read as anything else than a mobile number, and a '+' makes one of it, it is that one. */
static void mend_bare(const std::string &text, PhoneNumber *number)
{
	PhoneNumber bare;

	if (text[0] >= '1' && text[0] <= '9' && !is_mobile(*number) &&
	    read("+" + text, "ZZ", &bare) &&
	    bare.country_code() == number->country_code() &&
	    library()->IsValidNumber(bare) && is_mobile(bare))
		*number = bare;
}

/* Since November 2024 Benin's numbers have 01 before what they were; the tables may be older. */
static bool is_longer_in_benin(const PhoneNumber &number)
{
	const std::string national = national_of(number);

	return number.country_code() == 229 && national.size() == 10 &&
	       national.compare(0, 2, "01") == 0;
}

/* The parts of one number: the library joins what is behind a '/'. 0011 is Australia's '+'. */
static bool is_one_number(const std::string &text)
{
	std::string digits;

	for (char c : text)
		if (c >= '0' && c <= '9')
			digits += c;
	return text.find_first_of("/*~") == std::string::npos &&
	       digits.compare(0, 4, "0011") != 0;
}

/* Of a number with '+' the tables know the country; how long it may be there they may not know yet:
 * as long as any, in ITU-T E.164. A 0 in front is the national one, which Italy alone keeps. */
static bool is_international(const std::string &text, const PhoneNumber &number)
{
	const std::string national = national_of(number);
	size_t digits = std::to_string(number.country_code()).size() + national.size();

	return library()->IsPossibleNumber(number) || is_longer_in_benin(number) ||
	       (digits >= E164_MIN && digits <= E164_MAX && national[0] != '0' &&
		is_one_number(text));
}

/* "00" is how most of the world writes '+', also to shops where it is not dialled. */
static bool read_any(const std::string &text, const std::string &country,
		     PhoneNumber *number)
{
	const PhoneNumberUtil *util = library();
	bool plus = text[0] == '+';

	if (read(text, country, number) &&
	    (util->IsValidNumber(*number) || (plus && is_international(text, *number)) ||
	     is_longer_in_benin(*number))) {
		mend_bare(text, number);
		return true;
	}
	if (text.compare(0, 2, "00") == 0 && read("+" + text.substr(2), "ZZ", number) &&
	    is_international(text, *number))
		return true;
	if (!read(text, country, number))
		return false;
	mend_bare(text, number);
	return util->IsValidNumber(*number) || is_possible(*number);
}

/* +44 800 123 CALL: the rest of it may be spelt in the letters behind it. */
static bool is_a_part(const PhoneNumber &number)
{
	PhoneNumberUtil::ValidationResult r =
		library()->IsPossibleNumberWithReason(number);

	return !library()->IsValidNumber(number) &&
	       (r == PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY ||
		r == PhoneNumberUtil::TOO_SHORT ||
		national_of(number).size() < NATIONAL_MIN);
}

static UChar32 next(const std::string &text, size_t *at)
{
	UChar32 c;

	U8_NEXT(text.data(), *at, text.size(), c);
	return c;
}

/* 2345O678, and 4.9E+11, a spreadsheet's: what is in front of the letters is a part only. */
static bool goes_on(const std::string &text, size_t at)
{
	char first = text[at];
	UChar32 c;

	if (at == 0 || !u_isdigit((unsigned char)text[at - 1]) || first == 'x' ||
	    first == 'X' || text.compare(at, 3, "ext") == 0)
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

static bool is_bare(const std::string &text)
{
	for (size_t i = text[0] == '+'; i < text.size(); i++)
		if ((text[i] < '0' || text[i] > '9') && text[i] != ' ' && text[i] != '-')
			return false;
	return true;
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

/* What a text's number is found in, and beside. */
struct found {
	std::string number;
	size_t figure =
		0;        /* digits of the longest figure in front that was passed over */
	bool cut = false; /* a letter ended it */
	bool joined = false; /* by nothing but blanks, '.' and ')' to that letter */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_plus(UChar32 c)
{
	return c == '+' || c == 0xff0b;
}

/* Digits that stand together in ones and twos only: 2., 17, 8-12, 18:00, 24/7. */
static bool is_figure(const std::string &text)
{
	size_t run = 0;

	for (char c : text) {
		run = is_digit(c) ? run + 1 : 0;
		if (run > 2)
			return false;
	}
	return true;
}

/* Too few digits for a number: a figure of what is written in front of one. */
static bool pass_over(struct found *f, size_t digits)
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

static void add_mark(struct found *f, const std::string &text, size_t from, size_t to,
		     UChar32 c)
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

/* The first run of digits and marks that is long enough for a number. */
static void find_number(const std::string &text, struct found *f)
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
				return;
			}
			digits = 0;
		}
		add_mark(f, text, from, at, c);
	}
}

/* Behind a figure a number shows where it begins: by its '+', or by its 0, if the figure is not of two
 * digits, a country's code. */
static bool is_clear_of_figure(const struct found *f)
{
	return f->figure == 0 || f->number[0] == '+' ||
	       (f->figure == 1 && f->number[0] == '0');
}

/* The same where only a blank is between them: "Handy 2 0151 23456789", "2. 213 373 4253". */
static std::string behind_figure(const std::string &text, const std::string &region)
{
	size_t end = std::min(text.find(' '), text.size());
	size_t begin = text.find_first_of("0123456789", end);
	bool single = text.find_first_of("0123456789", 1) == begin;
	bool listed = end > 0 && (text[end - 1] == '.' || text[end - 1] == ':');
	PhoneNumber whole, part;
	std::string rest;
	bool one;

	if (begin == std::string::npos || !is_digit(text[0]) || text[0] == '0' ||
	    (text[begin] != '0' && !listed) || !is_figure(text.substr(0, end)))
		return text;
	rest = text.substr(begin);
	if (!read_any(rest, region, &part) || national_of(part).size() < NATIONAL_MIN)
		return text;
	one = !read_any(text, region, &whole);
	if (!one && e164_of(whole) == e164_of(part))
		return text;
	return single && (one || rest[0] == '0') ? rest : "";
}

/* A figure in front of a letter may be the remark's: "17 Uhr", "(2. Stock)"; so may one in brackets:
 * "(2)". It is where the number is one without it alone; where it is one with it, too, nobody knows. */
static std::string before_figure(const std::string &text, const std::string &region)
{
	std::string best, e164;

	for (size_t at = 1; at <= text.size(); at++) {
		std::string front = text.substr(0, at);
		PhoneNumber number;

		if ((at < text.size() && text[at] != ' ' && text[at] != '(') ||
		    !read_any(front, region, &number) ||
		    !library()->IsValidNumber(number) || e164_of(number) == e164)
			continue;
		if (!best.empty() && is_figure(front.substr(best.size())))
			return "";
		best = front;
		e164 = e164_of(number);
	}
	return best.empty() ? text : best;
}

/* The first number that is written in a text, without what is written around it: a letter behind
 * it begins a remark, which the library would dial on a keypad, or an extension. RFC 3966's context
 * it reads itself. */
static std::string first_number(const std::string &text, const std::string &region,
				bool *cut)
{
	struct found f;
	std::string number;

	if (text.find(";phone-context=") != std::string::npos)
		return text;
	if (is_bare(text))
		return behind_figure(text, region);
	find_number(text, &f);
	*cut = f.cut;
	if (!is_clear_of_figure(&f))
		return "";
	number = behind_figure(f.number, region);
	return (f.cut && f.joined) || (!number.empty() && number.back() == ')')
		       ? before_figure(number, region)
		       : number;
}

bool phone_number_e164(const char *text, size_t len, const char *country,
		       char out[PHONE_NUMBER_MAX])
{
	const std::string region = country[0] != '\0' ? country : "ZZ";
	std::string e164;
	PhoneNumber number;
	bool cut = false;
	std::string digits = first_number(std::string(text, len), region, &cut);

	if (!read_any(digits, region, &number) || (cut && is_a_part(number)))
		return false;
	e164 = e164_of(number);
	if (e164.empty() || e164.size() >= PHONE_NUMBER_MAX)
		return false;
	std::memcpy(out, e164.c_str(), e164.size() + 1);
	return true;
}

int phone_number_calling_code(const char *country)
{
	return library()->GetCountryCodeForRegion(country);
}
