/* SPDX-License-Identifier: MIT */
#include "core/country.h"

#include <pthread.h>
#include <stdio.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>
#include <xxhash.h>

#include "base/ascii.h"
#include "core/normalize.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { NAME_MAX_BYTES = 128, SLOTS = 8192 };

/* By the hash of the name as normalize_place writes it; "" where it is free, "?" where several
 * countries are called so. */
static struct slot {
	XXH64_hash_t name;
	char code[3];
} slots[SLOTS];

/* What shops know and ICU does not, or under a newer name only. */
static const struct {
	const char *name, *code;
} others[] = {
	{"burma", "MM"},           {"congo", "CD"}, /* of the two so called */
	{"czechrepublic", "CZ"},   {"england", "GB"},     {"greatbritain", "GB"},
	{"holland", "NL"},         {"hongkong", "HK"},    {"ivorycoast", "CI"},
	{"macao", "MO"},           {"macau", "MO"},       {"macedonia", "MK"},
	{"northernireland", "GB"}, {"oesterreich", "AT"}, {"russianfederation", "RU"},
	{"scotland", "GB"},        {"swaziland", "SZ"},   {"thenetherlands", "NL"},
	{"turkey", "TR"},          {"uae", "AE"},         {"unitedstatesofamerica", "US"},
	{"wales", "GB"},
};

static struct slot *slot_of(struct str name)
{
	XXH64_hash_t hash = XXH3_64bits(name.p, name.len);
	size_t at = (size_t)hash;

	while (slots[at % SLOTS].code[0] && slots[at % SLOTS].name != hash)
		at++;
	slots[at % SLOTS].name = hash;
	return &slots[at % SLOTS];
}

static void add(struct str name, const char *code)
{
	struct slot *slot;

	if (name.len < 3)
		return;
	slot = slot_of(name);
	if (!slot->code[0])
		memcpy(slot->code, code, 2);
	else if (memcmp(slot->code, code, 2) != 0)
		slot->code[0] = '?';
}

/* What `locale`'s country is called in `language`. */
static void add_name(const char *locale, const char *language, const char *code,
		     struct buf *name)
{
	UChar wide[NAME_MAX_BYTES];
	char text[3 * NAME_MAX_BYTES];
	UErrorCode status = U_ZERO_ERROR;
	int32_t len =
		uloc_getDisplayCountry(locale, language, wide, NAME_MAX_BYTES, &status);

	u_strToUTF8(text, sizeof(text), &len, wide, len, &status);
	buf_clear(name);
	if (U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING &&
	    normalize_place(str_make(text, (size_t)len), name))
		add(buf_str(name), code);
}

static void add_country(const char *code, struct buf *name)
{
	static const char *const languages[] = {"en", "de", "fr", "es", "it", "pt", "nl"};
	char locale[16], own[ULOC_FULLNAME_CAPACITY];
	UErrorCode status = U_ZERO_ERROR;
	const char *three;

	snprintf(locale, sizeof(locale), "und_%s", code);
	for (size_t i = 0; i < COUNT(languages); i++)
		add_name(locale, languages[i], code, name);
	uloc_addLikelySubtags(locale, own, sizeof(own), &status);
	if (U_SUCCESS(status))
		add_name(locale, own, code, name);
	three = uloc_getISO3Country(locale);
	buf_clear(name);
	if (normalize_place(str_of(three), name))
		add(buf_str(name), code);
}

static void make_table(void)
{
	struct buf name;

	buf_init(&name, 4 * NAME_MAX_BYTES);
	for (const char *const *code = uloc_getISOCountries(); *code; code++)
		add_country(*code, &name);
	for (size_t i = 0; i < COUNT(others); i++)
		add(str_of(others[i].name), others[i].code);
	buf_fini(&name);
}

/* `place` is normalised. */
static const char *code_of(struct str place)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	XXH64_hash_t hash;

	if (place.len < 3 || place.len > NAME_MAX_BYTES)
		return NULL;
	pthread_once(&once, make_table);
	hash = XXH3_64bits(place.p, place.len);
	for (size_t at = (size_t)hash; slots[at % SLOTS].code[0]; at++)
		if (slots[at % SLOTS].name == hash)
			return slots[at % SLOTS].code[0] == '?' ? NULL
								: slots[at % SLOTS].code;
	return NULL;
}

static bool are_letters(struct str place)
{
	for (size_t i = 0; i < place.len; i++)
		if (ascii_lower(place.p[i]) < 'a' || ascii_lower(place.p[i]) > 'z')
			return false;
	return true;
}

static const char *code_of_letters(const char *letters, char own[3])
{
	own[0] = ascii_upper(letters[0]);
	own[1] = ascii_upper(letters[1]);
	own[2] = '\0';
	return memcmp(own, "UK", 2) == 0 ? "GB" : own;
}

/* `own` NULL: names alone. */
static const char *code_of_text(struct str text, char *own)
{
	const char *code = NULL;
	struct buf place;

	if (text.len < 3 || text.len > NAME_MAX_BYTES)
		return NULL;
	buf_init(&place, 4 * NAME_MAX_BYTES);
	if (normalize_place(text, &place))
		code = own && place.len == 2 && are_letters(buf_str(&place))
			       ? code_of_letters(place.p, own)
			       : code_of(buf_str(&place));
	buf_fini(&place);
	return code;
}

const char *country_named(struct str text)
{
	return code_of_text(text, NULL);
}

const char *country_code(struct str text, char own[3])
{
	text = str_trim(text);
	return text.len == 2 ? code_of_letters(text.p, own) : code_of_text(text, own);
}

bool country_exists(const char *code)
{
	for (const char *const *known = uloc_getISOCountries(); *known; known++)
		if (strcmp(*known, code) == 0)
			return true;
	return false;
}

/* Cloudflare's for unknown and Tor, and CLDR's for unknown. */
static bool is_unknown(struct str place)
{
	return str_eq(place, STR("xx")) || str_eq(place, STR("t1")) ||
	       str_eq(place, STR("zz"));
}

bool normalize_country(struct str in, struct buf *out)
{
	size_t before = out->len;
	struct str place;
	const char *code;

	if (!normalize_place(in, out))
		return false;
	place = str_make(out->p + before, out->len - before);
	code = str_eq(place, STR("uk")) ? "GB" : code_of(place);
	if (!code && !is_unknown(place))
		return true;
	out->len = before;
	return code && normalize_place(str_of(code), out);
}
