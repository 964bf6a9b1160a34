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

/* With its country code a number counts when its length is possible, as it does where
 * it comes as plain E.164: the tables of valid ranges are years behind. Without one
 * only a valid number shows that the country was the right guess. */
static bool parse(const std::string &text, const std::string &country,
		  PhoneNumber *number)
{
	const PhoneNumberUtil *util = library();

	if (util->ParseAndKeepRawInput(text, country, number) !=
	    PhoneNumberUtil::NO_PARSING_ERROR)
		return false;
	if (util->IsValidNumber(*number))
		return true;
	return number->country_code_source() == PhoneNumber::FROM_NUMBER_WITH_PLUS_SIGN &&
	       util->IsPossibleNumber(*number);
}

/* "00" is how most of the world writes '+', also to shops where it is not dialled. */
static bool parse_any(const std::string &text, const std::string &country,
		      PhoneNumber *number)
{
	if (parse(text, country, number))
		return true;
	return text.compare(0, 2, "00") == 0 &&
	       parse("+" + text.substr(2), country, number);
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
