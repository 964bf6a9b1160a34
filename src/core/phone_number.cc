/* SPDX-License-Identifier: MIT */
#include "core/phone_number.h"

#include "core/phone_text.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>

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

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_bare(const std::string &text)
{
	for (size_t i = text[0] == '+'; i < text.size(); i++)
		if ((text[i] < '0' || text[i] > '9') && text[i] != ' ' && text[i] != '-')
			return false;
	return true;
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

/* Behind a figure a number shows where it begins: by its '+', or by its 0, if the figure is not of two
 * digits, a country's code. */
static bool is_clear_of_figure(const struct phone_text *f)
{
	return f->figure == 0 || f->number[0] == '+' ||
	       (f->figure == 1 && f->number[0] == '0');
}

/* The digits of a text's last group, and of its first. */
static size_t last_group(const std::string &text)
{
	size_t end = text.find_last_of("0123456789") + 1;

	return end - (text.find_last_not_of("0123456789", end - 1) + 1);
}

static size_t first_group(const std::string &text)
{
	size_t begin = text.find_first_of("0123456789");

	return std::min(text.find_first_not_of("0123456789", begin), text.size()) - begin;
}

/* Whether what is behind a number that is one by itself may be a remark's figure: one group, and not
 * the next of the pairs, or the pair behind three digits, in which numbers are written. */
static bool may_be_remark(const std::string &front, const std::string &rest, bool unit)
{
	size_t first = rest.find_first_of("0123456789");

	return first != std::string::npos && is_figure(rest) &&
	       rest.find(' ', first) == std::string::npos &&
	       (unit || last_group(front) > 3 || first_group(rest) == 1 ||
		rest.find('(') != std::string::npos);
}

/* A figure in front of a letter may be the remark's: "17 Uhr", "(2. Stock)"; so may one in brackets:
 * "(2)". It is where the number is one without it alone; where it is one with it, too, nobody knows. */
static std::string before_figure(const std::string &text, const std::string &region,
				 bool unit)
{
	std::string shorter, best, e164;

	for (size_t at = 1; at <= text.size(); at++) {
		std::string front = text.substr(0, at);
		PhoneNumber number;

		if ((at < text.size() && text[at] != ' ' && text[at] != '(') ||
		    !read_any(front, region, &number) ||
		    !library()->IsValidNumber(number) || e164_of(number) == e164)
			continue;
		shorter = best;
		best = front;
		e164 = e164_of(number);
	}
	if (best.empty())
		return text;
	return !shorter.empty() &&
			       may_be_remark(shorter, best.substr(shorter.size()), unit)
		       ? ""
		       : best;
}

/* What follows the digits. A remark's figure may be among them, "17"; before its unit, "Uhr", it is. */
enum class behind { nothing, remark, unit };

static std::string number_of(const std::string &text, const std::string &region, behind b)
{
	return b == behind::nothing ? text
				    : before_figure(text, region, b == behind::unit);
}

/* The figure in front of a number, where only a blank is between them: "Handy 2 0151 23456789",
 * "2. 213 373 4253", "24/7 0151 23456789". Returns where the number begins, 0 if there is none. */
static size_t figure_in_front(const std::string &text, bool *parted)
{
	size_t end = std::min(text.find(' '), text.size());
	size_t begin = text.find_first_of("0123456789", end);
	bool listed = end > 0 && (text[end - 1] == '.' || text[end - 1] == ':');
	bool slash = text.find('/') < end;

	*parted = slash || text.find_first_of("0123456789", 1) == begin;
	return begin == std::string::npos || !is_digit(text[0]) || text[0] == '0' ||
			       (text[begin] != '0' && !listed && !slash) ||
			       !is_figure(text.substr(0, end))
		       ? 0
		       : begin;
}

/* The number in a text without the figure in front of it, and, where a remark follows, without one
 * behind it. */
static std::string beside_figures(const std::string &text, const std::string &region,
				  behind b)
{
	std::string with = number_of(text, region, b), rest;
	PhoneNumber whole, part;
	bool parted, slash, one;
	size_t begin = figure_in_front(text, &parted);

	if (begin == 0)
		return with;
	rest = number_of(text.substr(begin), region, b);
	if (rest.empty())
		return "";
	slash = text.find('/') < begin;
	if (!read_any(rest, region, &part) ||
	    (national_of(part).size() < NATIONAL_MIN && !(slash && rest[0] == '0')))
		return with;
	one = !with.empty() && !read_any(with, region, &whole);
	if (!with.empty() && !one && e164_of(whole) == e164_of(part))
		return with;
	return parted && (one || rest[0] == '0') ? rest : "";
}

/* The first number that is written in a text, without what is written around it: a letter behind
 * it begins a remark, which the library would dial on a keypad, or an extension. RFC 3966's context
 * it reads itself. */
static std::string first_number(const std::string &text, const std::string &region,
				bool *cut)
{
	struct phone_text f;
	behind b = behind::nothing;

	if (text.find(";phone-context=") != std::string::npos)
		return text;
	if (is_bare(text))
		return beside_figures(text, region, behind::nothing);
	phone_text_find(text, &f);
	*cut = f.cut;
	if (!is_clear_of_figure(&f))
		return "";
	if ((f.cut && f.joined) || (!f.number.empty() && f.number.back() == ')'))
		b = f.unit ? behind::unit : behind::remark;
	return beside_figures(f.number, region, b);
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
