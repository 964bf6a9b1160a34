/* SPDX-License-Identifier: MIT */
#include "core/redact_text.h"

#include "base/find_any.h"
#include "core/country.h"
#include "core/nobody.h"
#include "core/normalize.h"
#include "core/sha256_hex.h"
#include "core/url.h"

/* clang-format off */
const unsigned char redact_places[FIELD_COUNT] = {
	[FIELD_NONE] = PLACE_CUSTOM,
	/* by which the row is known */
	[FIELD_TRANSACTION_ID] = PLACE_KEPT,
	/* a text in the place of an object or a list */
	[FIELD_CONSENT] = PLACE_TEXT, [FIELD_PAGE] = PLACE_TEXT,
	[FIELD_USER] = PLACE_TEXT, [FIELD_PROPERTIES] = PLACE_TEXT,
	[FIELD_APP] = PLACE_TEXT, [FIELD_AD] = PLACE_TEXT, [FIELD_LEAD] = PLACE_TEXT,
	[FIELD_CONTENTS] = PLACE_TEXT,
	[FIELD_URL] = PLACE_URL, [FIELD_REFERRER] = PLACE_URL,
	[FIELD_EMAIL] = PLACE_FIELD, [FIELD_PHONE] = PLACE_FIELD,
	[FIELD_FIRST_NAME] = PLACE_FIELD, [FIELD_LAST_NAME] = PLACE_FIELD,
	[FIELD_CITY] = PLACE_FIELD, [FIELD_STATE] = PLACE_FIELD,
	[FIELD_COUNTRY] = PLACE_FIELD, [FIELD_ZIP_CODE] = PLACE_FIELD,
	[FIELD_EXTERNAL_ID] = PLACE_ID, [FIELD_SESSION_ID] = PLACE_ID,
	[FIELD_ORDER_ID] = PLACE_ID, [FIELD_SHOP_ID] = PLACE_ID,
	[FIELD_CONTENT_IDS] = PLACE_ID, [FIELD_CONTENT_ID] = PLACE_ID,
	[FIELD_CONTENT_TYPE] = PLACE_ID,
	[FIELD_APP_ID] = PLACE_ID, [FIELD_APP_VERSION] = PLACE_ID,
	[FIELD_LEAD_ID] = PLACE_ID, [FIELD_CALLBACK] = PLACE_ID,
	[FIELD_CAMPAIGN_ID] = PLACE_ID, [FIELD_AD_ID] = PLACE_ID,
	[FIELD_CREATIVE_ID] = PLACE_ID, [FIELD_ATTRIBUTION_TYPE] = PLACE_ID,
	[FIELD_ATTRIBUTION_PROVIDER] = PLACE_ID,
	[FIELD_TTCLID] = PLACE_ID, [FIELD_TTP] = PLACE_ID, [FIELD_IP] = PLACE_ID,
	[FIELD_USER_AGENT] = PLACE_ID, [FIELD_LOCALE] = PLACE_ID,
	[FIELD_IDFA] = PLACE_ID, [FIELD_IDFV] = PLACE_ID, [FIELD_GAID] = PLACE_ID,
	[FIELD_ATT_STATUS] = PLACE_ID,
	[FIELD_LEAD_EVENT_SOURCE] = PLACE_TEXT, [FIELD_APP_NAME] = PLACE_TEXT,
	[FIELD_DESCRIPTION] = PLACE_TEXT, [FIELD_SEARCH_STRING] = PLACE_TEXT,
	[FIELD_BRAND] = PLACE_TEXT, [FIELD_CONTENT_NAME] = PLACE_TEXT,
	[FIELD_CONTENT_CATEGORY] = PLACE_TEXT,
	/* what was put in the wrong place; it stays as wrong as it was */
	[FIELD_CONVERSION_DATE_TIME] = PLACE_TEXT,
	[FIELD_AD_USER_DATA] = PLACE_TEXT, [FIELD_AD_PERSONALIZATION] = PLACE_TEXT,
	[FIELD_AD_STORAGE] = PLACE_TEXT, [FIELD_ANALYTICS_STORAGE] = PLACE_TEXT,
	[FIELD_GCD] = PLACE_TEXT, [FIELD_GCS] = PLACE_TEXT,
	[FIELD_VALUE] = PLACE_TEXT, [FIELD_CURRENCY] = PLACE_TEXT,
	[FIELD_NUM_ITEMS] = PLACE_TEXT, [FIELD_CUSTOMER_TYPE] = PLACE_TEXT,
	[FIELD_PRICE] = PLACE_TEXT, [FIELD_QUANTITY] = PLACE_TEXT,
	[FIELD_IS_RETARGETING] = PLACE_TEXT, [FIELD_ATTRIBUTED] = PLACE_TEXT,
	[FIELD_ATTRIBUTION_SHARE] = PLACE_TEXT,
};
/* clang-format on */

/* A '+' and 7 to 15 digits with the marks that people put between them. */
static bool is_international_phone(struct str s)
{
	size_t digits = 0;

	if (s.len < 8 || s.len > 32 || s.p[0] != '+')
		return false;
	for (size_t i = 1; i < s.len; i++) {
		if (ascii_is_digit(s.p[i]))
			digits++;
		else if (s.p[i] == '\0' || strchr(" -.()/", s.p[i]) == NULL)
			return false;
	}
	return digits >= 7 && digits <= 15;
}

bool tells_who(struct str text)
{
	return may_tell_who(text) && (holds_email(text) || phone_in(text).len > 0);
}

static enum redact_action free_text(struct str text)
{
	if (url_is_address(text) && holds_email(text))
		return ACTION_SCRUB;
	return tells_who(text) ? ACTION_PARTS : ACTION_NONE;
}

/* An address of a page without its host, as it may stand under a name of the producer's. */
static bool is_path(const struct redact_spot *spot, struct str text)
{
	return text.p[0] == '/' || text.p[0] == '?' || spot->place == PLACE_URL;
}

static bool is_form(struct str text)
{
	return memchr(text.p, '&', text.len) && memchr(text.p, '=', text.len);
}

/* "first_name=Jane&x=1" */
static bool is_personal_form(struct str text)
{
	const char *end = text.p + text.len, *at = text.p, *stop;

	if (!is_form(text) || memchr(at, ' ', text.len))
		return false;
	for (; at < end; at = stop + 1) {
		struct str pair;

		stop = find_any(at, end, "&", false);
		pair = str_make(at, (size_t)(stop - at));
		if (memchr(at, '=', pair.len) && param_is_personal(pair))
			return true;
	}
	return false;
}

/* "tel:0151 234567" */
static bool is_call(struct str text)
{
	size_t digits = 0;

	if (text.len < 4 || (!str_ieq(str_make(text.p, 4), STR("tel:")) &&
			     !str_ieq(str_make(text.p, 4), STR("sms:"))))
		return false;
	for (size_t i = 4; i < text.len; i++)
		digits += ascii_is_digit(text.p[i]);
	return digits >= 7;
}

/* A hash of it could not be sent: TikTok takes the code as it is. */
static enum redact_action country(struct str text)
{
	char own[3];

	if (str_trim(text).len == 2 || country_is_all(text))
		return ACTION_NONE;
	return country_code(text, own) ? ACTION_CODE : ACTION_HASH;
}

enum redact_action redact_action_of(const struct redact_spot *spot, struct str text)
{
	enum redact_action action;

	if (text.len == 0 || spot->place == PLACE_KEPT || is_sha256_hex(text))
		return ACTION_NONE;
	switch (spot->place) {
	case PLACE_FIELD:
		return spot->field == FIELD_COUNTRY ? country(text) : ACTION_HASH;
	case PLACE_PERSON: return ACTION_HASH;
	case PLACE_ID:
		return tells_who(text) || is_international_phone(text) ? ACTION_HASH
								       : ACTION_NONE;
	case PLACE_TEXT: return free_text(text);
	case PLACE_URL:
	case PLACE_CUSTOM: break;
	case PLACE_KEPT: return ACTION_NONE;
	}
	if (url_is_address(text))
		return url_is_personal(text) ? ACTION_SCRUB : ACTION_NONE;
	/* As wholes, where what is left of one without a part would be another such text. */
	action = free_text(text);
	if (action != ACTION_NONE && (is_path(spot, text) || is_form(text)))
		return ACTION_HASH;
	/* A sentence is none. */
	if (is_path(spot, text) && !memchr(text.p, ' ', text.len) &&
	    url_is_personal(text))
		return ACTION_SCRUB;
	if (spot->place == PLACE_URL)
		return ACTION_NONE;
	if (is_personal_form(text) || is_call(text))
		return ACTION_HASH;
	/* Beside an address may stand whose it is: under such a name all of it goes. */
	if (action != ACTION_NONE && !personal_value(&spot->name, STR("x")))
		return action;
	return personal_value(&spot->name, text) ? ACTION_HASH : ACTION_NONE;
}

/* A word for nobody is hashed as what is no name: {"sha256":...} is not sent, and the hash alone
 * would not tell "null" from Mrs Null. */
static bool normalize_field(const struct redact_spot *spot, struct str text,
			    struct buf *out)
{
	switch (spot->field) {
	case FIELD_EMAIL: return normalize_email(text, out);
	case FIELD_PHONE: return normalize_phone(text, spot->country, out);
	case FIELD_ZIP_CODE:
		return !names_nobody(spot->field, text) && normalize_zip(text, out);
	case FIELD_CITY:
	case FIELD_STATE:
		return !names_nobody(spot->field, text) && normalize_place(text, out);
	case FIELD_COUNTRY:
		return normalize_country(text, out) || normalize_place(text, out);
	default: return !names_nobody(spot->field, text) && normalize_name(text, out);
	}
}

/* Under a name of the producer's the text itself must tell what it is. */
static bool normalize_any(const struct redact_spot *spot, struct str text,
			  struct buf *out)
{
	if (normalize_email(text, out))
		return true;
	if (is_international_phone(text) && normalize_phone(text, spot->country, out))
		return true;
	return normalize_name(text, out);
}

void redact_hash(const struct redact_spot *spot, struct str text, struct digest *dg,
		 struct buf *tmp, bool *normal, char out[DIGEST_HEX_LEN])
{
	buf_clear(tmp);
	if (spot->place == PLACE_FIELD)
		*normal = normalize_field(spot, text, tmp);
	else if (spot->place == PLACE_ID)
		/* The hash of another id must not pass for that id: it could be the person's. */
		*normal = spot->field == FIELD_EXTERNAL_ID &&
			  normalize_external_id(text, tmp);
	else
		*normal = normalize_any(spot, text, tmp);
	digest_hex(dg, *normal ? buf_str(tmp) : text, out);
}

static bool is_local(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	       strchr("<>()[],;:\"'@/=", c) == NULL;
}

static bool is_domain(char c)
{
	return ascii_is_digit(c) || c == '-' || c == '.' || ascii_is_letter(c) ||
	       (unsigned char)c >= 0x80;
}

/* The address around the '@' at `at`; empty where it is none. */
static struct str email_around(struct str text, size_t from, size_t at)
{
	size_t start = at, end = at + 1;

	while (start > from && is_local(text.p[start - 1]))
		start--;
	while (end < text.len && is_domain(text.p[end]))
		end++;
	while (end > at && (text.p[end - 1] == '.' || text.p[end - 1] == '-'))
		end--;
	if (end < at || !holds_email(str_make(text.p + start, end - start)))
		return STR_NONE;
	return str_make(text.p + start, end - start);
}

/* Appends what stands before the part, and its hash. */
static void put_part(const struct redact_spot *spot, struct str text, size_t *done,
		     struct str part, struct digest *dg, struct buf *tmp, struct buf *out)
{
	char hex[DIGEST_HEX_LEN];
	bool normal;

	buf_add(out, text.p + *done, (size_t)(part.p - text.p) - *done);
	redact_hash(spot, part, dg, tmp, &normal, hex);
	buf_add(out, hex, sizeof(hex));
	*done = (size_t)(part.p - text.p) + part.len;
}

static void put_emails(struct str text, struct digest *dg, struct buf *tmp,
		       struct buf *out)
{
	struct redact_spot spot = {.place = PLACE_FIELD, .field = FIELD_EMAIL};
	size_t done = 0;

	for (size_t i = 0; i < text.len; i++) {
		struct str email;

		if (text.p[i] != '@')
			continue;
		email = email_around(text, done, i);
		if (email.len == 0)
			continue;
		put_part(&spot, text, &done, email, dg, tmp, out);
		i = done - 1;
	}
	buf_add(out, text.p + done, text.len - done);
}

void redact_parts(struct str text, struct digest *dg, struct buf *tmp, struct buf *out)
{
	struct redact_spot spot = {
		.place = PLACE_FIELD, .field = FIELD_PHONE, .country = ""};
	size_t start = out->len, done = 0;
	char hex[DIGEST_HEX_LEN];
	struct str phone, left;

	for (phone = phone_in(text); phone.len > 0;
	     phone = phone_in(str_make(text.p + done, text.len - done))) {
		struct str before =
			str_make(text.p + done, (size_t)(phone.p - text.p) - done);

		put_emails(before, dg, tmp, out);
		done += before.len;
		put_part(&spot, text, &done, phone, dg, tmp, out);
	}
	put_emails(str_make(text.p + done, text.len - done), dg, tmp, out);
	/* One in disguise (percent-encoded), or made of a beginning and a hash, as a URL may be: then
	 * all of it goes. */
	left = str_make(out->p + start, out->len - start);
	if (tells_who(left) || (url_is_address(left) && !url_is_address(text))) {
		out->len = start;
		digest_hex(dg, text, hex);
		buf_add(out, hex, sizeof(hex));
	}
}
