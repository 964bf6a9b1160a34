/* SPDX-License-Identifier: MIT */
#include "core/country.h"

#include <pthread.h>
#include <stdio.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>
#include <xxhash.h>

#include "base/ascii.h"
#include "core/identity.h"
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

/* One bit a code, by its second letter. */
static uint32_t codes[26];

static void make_codes(void)
{
	for (const char *const *code = uloc_getISOCountries(); *code; code++)
		codes[**code - 'A'] |= UINT32_C(1) << ((*code)[1] - 'A');
}

static bool is_letter(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* U.S., U. K., (DE) and "DE," are codes; n/a and n.a. are not Namibia's, n/e is not Niger's, nor is
 * (no) Norway's. */
static bool is_code_with_marks(struct str text, struct str place)
{
	bool other = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '/')
			return false;
		if ((unsigned char)text.p[i] < 0x80 && !is_letter(text.p[i]) &&
		    text.p[i] != '.' && !ascii_is_space(text.p[i]))
			other = true;
	}
	return !is_placeholder_word(place) && !(other && str_ieq(place, STR("no")));
}

/* `place` has two bytes, and is what a trimmed `text` is without its marks. */
static const char *code_of_two(struct str text, struct str place, char own[3])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!is_letter(place.p[0]) || !is_letter(place.p[1]) ||
	    (text.len != 2 && !is_code_with_marks(text, place)))
		return NULL;
	own[0] = ascii_upper(place.p[0]);
	own[1] = ascii_upper(place.p[1]);
	own[2] = '\0';
	if (memcmp(own, "UK", 2) == 0)
		return "GB";
	if (memcmp(own, "EL", 2) == 0)
		return "GR";
	pthread_once(&once, make_codes);
	return codes[own[0] - 'A'] >> (own[1] - 'A') & 1 ? own : NULL;
}

static const char *code_of_either(struct str text, struct str place, char own[3])
{
	return place.len == 2 ? code_of_two(text, place, own) : code_of(place);
}

const char *country_code(struct str text, char own[3])
{
	const char *code = NULL;
	struct buf place;

	text = str_trim(text);
	if (text.len == 2)
		return code_of_two(text, text, own);
	if (text.len < 3 || text.len > NAME_MAX_BYTES)
		return NULL;
	buf_init(&place, 4 * NAME_MAX_BYTES);
	if (normalize_place(text, &place))
		code = code_of_either(text, buf_str(&place), own);
	buf_fini(&place);
	return code;
}

/* What forms leave, Cloudflare's for unknown and Tor, CLDR's for unknown, and two letters with marks
 * that make no code. */
static bool is_no_country(struct str text, struct str place)
{
	if (place.len != 2)
		return is_placeholder_word(text) || is_placeholder_word(place);
	return text.len != 2 || str_eq(place, STR("xx")) || str_eq(place, STR("t1")) ||
	       str_eq(place, STR("zz"));
}

bool normalize_country(struct str in, struct buf *out)
{
	size_t before = out->len;
	struct str place;
	const char *code;
	char own[3];

	if (!normalize_place(in, out))
		return false;
	in = str_trim(in);
	place = str_make(out->p + before, out->len - before);
	code = code_of_either(in, place, own);
	if (code == own || (!code && !is_no_country(in, place)))
		return true;
	out->len = before;
	return code && normalize_place(str_of(code), out);
}
