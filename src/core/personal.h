/* SPDX-License-Identifier: MIT
 * personal.h - does a piece of a URL, or a property, tell who somebody is?
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/url.h and core/redact_text.h, who ask. */
#ifndef CORE_PERSONAL_H
#define CORE_PERSONAL_H

#include "base/find_any.h"
#include "base/str.h"

#define PERSONAL_NAME_MAX 32 /* longer ones are none that is known */

/* An e-mail address somewhere in it, percent-encoded any number of times or not, its signs of
 * the wide forms that some keyboards write or not. */
bool holds_email(struct str raw);

#define WIDE_SIGN "\xef" /* the first byte of one */

#define TELLING_SIGNS "@%+"

/* False where there is neither an e-mail address nor a phone number with '+', told by three signs;
 * most texts have none of them. */
static inline bool may_tell_who(struct str text)
{
	const char *end = text.p + text.len;

	return find_any(text.p, end, TELLING_SIGNS, false) != end;
}

/* The first phone number with '+' in a text, eight digits or more with the marks that people put
 * between them; empty where there is none. */
struct str phone_in(struct str text);

/* What a name says of all values under it. */
struct personal_name {
	char canonical[PERSONAL_NAME_MAX +
		       1]; /* lower-case letters and digits; "": too long */
	bool click_id, campaign, personal;
	bool email; /* has an address in it */
};

void personal_name_of(struct str name, struct personal_name *out);
bool personal_value(const struct personal_name *name, struct str value);

/* A query parameter, "name=value" or "name" as it stands in the URL, by these rules:
 * - click ids of TikTok and others and ttp only where an e-mail address or a phone number with '+'
 *   is in their place;
 * - utm_* only with an e-mail address or a hash in it, or where it is a phone number with '+' (%2B);
 * - names that say e-mail, phone, a person's name, an address, a birthday, a login or a
 *   secret always are, whatever the value, in any spelling: first_name, firstName,
 *   user[first-name], billing_first_name2, shipping_city;
 * - a value that is a phone number with '+', and under a name about phones one with 00
 *   or of ten digits and more;
 * - an e-mail address anywhere in name or value, in base64 too (core/disguise.h); 64 hex digits
 *   and no more, which may be its hash;
 * - a query in the value with such a parameter, which an id or a campaign's name does not begin. */
bool param_is_personal(struct str param);
bool pair_is_personal(struct str name, struct str value); /* but for the last */

/* Called after an id of a person, a browser or a device (external_id, user_agent, idfa), which leave
 * with the consent to it only, and not for nobody; or with a query with such a one in its value. */
bool param_names_device(struct str param);
bool pair_names_device(struct str name, struct str value);
bool is_device_name(struct str name, const char *canonical); /* of struct personal_name */

/* What nearly every shop's addresses have and is nobody's unless an e-mail address is in it,
 * told by its first bytes and its length alone. */
static inline bool param_has_campaign_name(struct str param)
{
	if (str_starts(param, STR("utm_")))
		return param.len < 64;
	return str_starts(param, STR("ttclid=")) &&
	       (param.len == sizeof("ttclid=") - 1 ||
		param.p[sizeof("ttclid=") - 1] != '+');
}

#endif
