/* SPDX-License-Identifier: MIT */
#include "core/phone_number.h"

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

/* National digits without a country code that is written out, to be taken for a number that
 * no table knows: fewer are an extension, a part, or somebody's "12345". */
static const size_t NATIONAL_MIN = 8;

/* A number counts when its length is possible, as it does where it comes as plain E.164:
 * the tables of valid ranges are years behind. */
static bool parse(const std::string &text, const std::string &country,
		  PhoneNumber *number)
{
	const PhoneNumberUtil *util = library();
	std::string national;

	if (util->Parse(text, country, number) != PhoneNumberUtil::NO_PARSING_ERROR)
		return false;
	if (util->IsValidNumber(*number))
		return true;
	util->GetNationalSignificantNumber(*number, &national);
	return util->IsPossibleNumberWithReason(*number) ==
		       PhoneNumberUtil::IS_POSSIBLE &&
	       (text.find('+') != std::string::npos ||
		(national.size() >= NATIONAL_MIN &&
		 national.find_first_not_of(national[0]) != std::string::npos));
}

static bool is_mobile(const PhoneNumber &number)
{
	switch (library()->GetNumberType(number)) {
	case PhoneNumberUtil::MOBILE:
	case PhoneNumberUtil::FIXED_LINE_OR_MOBILE: return true;
	default: return false;
	}
}

/* An export that dropped the '+': 4915123456789. Where the country reads it as something
 * else than a mobile number, and a '+' makes one of it, it is that one. */
static bool parse_bare(const std::string &text, const PhoneNumber &otherwise,
		       PhoneNumber *number)
{
	return text[0] >= '1' && text[0] <= '9' && !is_mobile(otherwise) &&
	       parse("+" + text, "ZZ", number) && library()->IsValidNumber(*number) &&
	       is_mobile(*number);
}

/* "00" is how most of the world writes '+', also to shops where it is not dialled. */
static bool parse_any(const std::string &text, const std::string &country,
		      PhoneNumber *number)
{
	const std::string plus =
		text.compare(0, 2, "00") == 0 ? "+" + text.substr(2) : "";
	PhoneNumber bare;

	if (!plus.empty() && parse(plus, "ZZ", number) &&
	    library()->IsValidNumber(*number))
		return true;
	if (parse(text, country, number)) {
		if (parse_bare(text, *number, &bare))
			*number = bare;
		return true;
	}
	return !plus.empty() && parse(plus, "ZZ", number);
}

bool phone_number_e164(const char *text, size_t len, const char *country,
		       char out[PHONE_NUMBER_MAX])
{
	const std::string region = country[0] != '\0' ? country : "ZZ";
	std::string e164;
	PhoneNumber number;

	if (!parse_any(std::string(text, len), region, &number))
		return false;
	library()->Format(number, PhoneNumberUtil::E164, &e164);
	if (e164.empty() || e164.size() >= PHONE_NUMBER_MAX)
		return false;
	std::memcpy(out, e164.c_str(), e164.size() + 1);
	return true;
}
