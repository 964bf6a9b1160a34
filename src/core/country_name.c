/* SPDX-License-Identifier: MIT */
#include "core/country_name.h"

#include <pthread.h>
#include <stdio.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>
#include <xxhash.h>

#include "base/buf.h"
#include "core/normalize.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { NAME_MAX_BYTES = 128, SLOTS = 8192, CODE_MAX = 3, SHORT_MAX = 4 };

/* By the hash of the name as normalize_place writes it; "" where it is free, "?" where several
 * countries are called so. */
static struct slot {
	XXH64_hash_t name;
	char code[3];
} slots[SLOTS];

/* What shops and ISO 3166 write and ICU does not, or under another name only. */
static const struct {
	const char *code, *names[12];
} others[] = {
	{"AE", {"Emirates", "UAE", "The UAE"}},
	{"AR", {"Argentine Republic"}},
	{"AT", {"Oesterreich", "Republik \xc3\x96sterreich"}},
	{"BA", {"Bosnia"}},
	{"BO", {"Plurinational State of Bolivia", "Bolivia, Plurinational State of"}},
	{"BQ", {"Bonaire, Saint Eustatius and Saba", "Bonaire, Sint Eustatius and Saba"}},
	/* The first: of the two so called. */
	{"CD",
	 {"Congo", "Congo, Democratic Republic of the",
	  "Congo, The Democratic Republic of the", "Democratic Republic of the Congo",
	  "Democratic Republic of Congo", "Congo, Democratic Republic of",
	  "Congo, Dem. Rep.", "Congo (DRC)", "DRC", "DR Congo"}},
	{"CG",
	 {"Congo, Republic of the", "Congo, Republic of", "Congo, Rep.",
	  "Republic of Congo", "Congo (the)", "Republic of the Congo"}},
	{"CH", {"Swiss Confederation"}},
	{"CI", {"Ivory Coast"}},
	{"CN",
	 {"PRC", "PR China", "Mainland China", "People's Republic of China",
	  "China, People's Republic of"}},
	{"CZ",
	 {"Czech Republic", "\xc4\x8c"
			    "esk\xc3\xa1 republika"}},
	{"DE", {"Bundesrepublik Deutschland"}},
	{"ER", {"The State of Eritrea"}},
	{"FK", {"Falkland Islands (Malvinas)"}},
	{"FM", {"Micronesia, Federated States of"}},
	{"FR", {"French Republic", "Metropolitan France"}},
	{"GA", {"Gabonese Republic"}},
	{"GB",
	 {"Britain", "England", "Great Britain", "Ireland, Northern", "Northern Ireland",
	  "Scotland", "The UK", "United Kingdom of Great Britain and Northern Ireland",
	  "Wales"}},
	{"GR", {"Hellenic Republic"}},
	{"GS",
	 {"South Georgia and the South Sandwich Islands",
	  "South Georgia/Sandwich Islands"}},
	{"HK",
	 {"Hong Kong", "Hong Kong SAR", "Hong Kong, China",
	  "Hong Kong Special Administrative Region of China"}},
	{"HM", {"Heard Island and McDonald Islands"}},
	{"IE", {"Eire", "Ireland, Republic", "Ireland, Republic of"}},
	{"IL", {"State of Israel"}},
	{"IR", {"Iran, Islamic Republic of"}},
	{"IT", {"Italian Republic"}},
	{"KG", {"Kyrgyz Republic"}},
	{"KP",
	 {"Democratic People's Republic of Korea",
	  "Korea, Democratic People's Republic of",
	  "Korea (the Democratic People's Republic of)", "Korea, Dem. People's Rep.",
	  "Korea, North"}},
	{"KR",
	 {"Korea, Republic of", "Korea, Rep.", "Korea (the Republic of)", "Korea, South",
	  "Republic of Korea"}},
	{"KW", {"State of Kuwait"}},
	{"LA", {"Lao People's Democratic Republic", "Lao PDR"}},
	{"LB", {"Lebanese Republic"}},
	{"LY", {"Libyan Arab Jamahiriya"}},
	{"MD", {"Moldova, Republic of"}},
	{"MF", {"Saint Martin (French part)"}},
	{"MK",
	 {"FYROM", "Macedonia", "Macedonia, the former Yugoslav Republic of",
	  "former Yugoslav Republic of Macedonia"}},
	{"MM", {"Burma", "Republic of the Union of Myanmar"}},
	{"MO",
	 {"Macao", "Macau", "Macao SAR", "Macau SAR",
	  "Macao Special Administrative Region of China", "Macao, China"}},
	{"MX", {"United Mexican States"}},
	{"NL", {"Holland", "The Netherlands"}},
	{"PN", {"Pitcairn"}},
	{"PS",
	 {"Palestine", "Palestine, State of", "Palestinian Territory",
	  "State of Palestine"}},
	{"PT", {"Portuguese Republic"}},
	{"PW", {"Belau"}},
	{"QA", {"State of Qatar"}},
	{"RU", {"Russian Federation"}},
	{"RW", {"Rwandese Republic"}},
	{"SA", {"KSA"}},
	{"SH", {"Saint Helena, Ascension and Tristan da Cunha"}},
	{"SK", {"Slovak Republic"}},
	{"ST", {"Sao Tome and Principe"}},
	{"SX", {"Saint Martin (Dutch part)", "Sint Maarten (Dutch part)"}},
	{"SY", {"Syrian Arab Republic"}},
	{"SZ", {"Swaziland"}},
	{"TG", {"Togolese Republic"}},
	{"TL", {"East Timor"}},
	{"TR", {"Turkey"}},
	{"TT", {"Trinidad"}},
	{"TW",
	 {"Republic of China", "China, Republic of", "Taiwan, China",
	  "Taiwan, Province of China", "Taiwan, Republic of China", "Taiwan (ROC)"}},
	{"TZ", {"Tanzania, United Republic of"}},
	{"UM",
	 {"United States Minor Outlying Islands",
	  "United States (US) Minor Outlying Islands"}},
	{"US", {"United States of America", "EE.UU.", "The USA"}},
	{"VA", {"Holy See", "Holy See (Vatican City State)", "Vatican"}},
	{"VC", {"Saint Vincent and the Grenadines", "St Vincent and the Grenadines"}},
	{"VE", {"Venezuela, RB", "Venezuela, Bolivarian Republic of"}},
	{"VG", {"Virgin Islands, British"}},
	{"VI", {"Virgin Islands (US)", "Virgin Islands of the United States"}},
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

static void add_text(struct str text, const char *code, struct buf *name)
{
	buf_clear(name);
	if (normalize_place(text, name))
		add(buf_str(name), code);
}

/* St. Kitts & Nevis: shops and ISO 3166 write Saint Kitts and Nevis, or St Kitts and Nevis. */
static void add_in_full(struct str text, bool saint, const char *code, struct buf *name)
{
	struct buf full;

	buf_init(&full, 4 * NAME_MAX_BYTES);
	for (size_t i = 0; i < text.len; i++) {
		struct str rest = str_make(text.p + i, text.len - i);

		if (saint && i == 0 && str_starts(rest, STR("St. "))) {
			buf_adds(&full, STR("Saint"));
			i += 2;
		} else if (*rest.p == '&') {
			buf_adds(&full, STR("and"));
		} else {
			buf_addc(&full, *rest.p);
		}
	}
	add_text(buf_str(&full), code, name);
	buf_fini(&full);
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
	if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
		return;
	add_text(str_make(text, (size_t)len), code, name);
	if (strcmp(language, "en") == 0) {
		add_in_full(str_make(text, (size_t)len), true, code, name);
		add_in_full(str_make(text, (size_t)len), false, code, name);
	}
}

static void add_country(const char *code, struct buf *name)
{
	static const char *const languages[] = {"en", "de", "fr", "es", "it", "pt", "nl"};
	char locale[16], own[ULOC_FULLNAME_CAPACITY];
	UErrorCode status = U_ZERO_ERROR;

	snprintf(locale, sizeof(locale), "und_%s", code);
	for (size_t i = 0; i < COUNT(languages); i++)
		add_name(locale, languages[i], code, name);
	uloc_addLikelySubtags(locale, own, sizeof(own), &status);
	if (U_SUCCESS(status))
		add_name(locale, own, code, name);
	add_text(str_of(uloc_getISO3Country(locale)), code, name);
}

static void make_table(void)
{
	struct buf name;

	buf_init(&name, 4 * NAME_MAX_BYTES);
	for (const char *const *code = uloc_getISOCountries(); *code; code++)
		add_country(*code, &name);
	for (size_t i = 0; i < COUNT(others); i++)
		for (const char *const *other = others[i].names; *other; other++)
			add_text(str_of(*other), others[i].code, &name);
	buf_fini(&name);
}

static const char *code_of_name(struct str place)
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

static bool cut(struct str *place, struct str start)
{
	if (!str_starts(*place, start))
		return false;
	*place = str_make(place->p + start.len, place->len - start.len);
	return true;
}

static bool cut_any(struct str *place, const char *const *starts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cut(place, str_of(starts[i])))
			return true;
	return false;
}

/* "Islamic Republic of": in front of it is no other word, which might be another country's name,
 * or a person's. */
static bool cut_form(struct str *place)
{
	static const char *const kinds[] = {
		"arab",      "bolivarian", "cooperative", "democratic",
		"federal",   "federative", "hashemite",   "independent",
		"islamic",   "oriental",   "peoples",     "plurinational",
		"socialist", "united",     "dem",         "fed",
	};
	static const char *const forms[] = {
		"republicof",
		"kingdomof",
		"commonwealthof",
		"principalityof",
		"sultanateof",
		"grandduchyof",
		"federatedstatesof",
		"unionof",
		"independentstateof",
		"repof",
		"rep",
	};

	while (!cut_any(place, forms, COUNT(forms)))
		if (!cut_any(place, kinds, COUNT(kinds)))
			return false;
	return true;
}

/* "The Gambia", "Islamic Republic of Mauritania" and "Kingdom of the Netherlands" too. What is
 * short behind "the" is a code, or makes a town's or a person's name of it: Theben is not "the
 * BEN", Theo Man not "the Oman". China's republics are two: the table has both. */
const char *country_of_name(struct str place)
{
	const char *code = code_of_name(place);
	bool the;

	if (code)
		return code;
	the = cut(&place, STR("the"));
	if (the && place.len > SHORT_MAX)
		code = code_of_name(place);
	if (code || !cut_form(&place))
		return code;
	cut(&place, STR("the"));
	code = place.len > CODE_MAX ? code_of_name(place) : NULL;
	return code && memcmp(code, "CN", 2) != 0 ? code : NULL;
}
