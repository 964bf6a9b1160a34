/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/country.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What is sent of each; as normalize_place has it where it is no country's name. */
static void knows_names(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"DE", "de"},
		{"Germany", "de"},
		{" deutschland ", "de"},
		{"Allemagne", "de"},
		{"DEU", "de"},
		{"United States", "us"},
		{"United States of America", "us"},
		{"U.S.A.", "us"},
		{"Great Britain", "gb"},
		{"UK", "gb"},
		{" U.K.", "gb"},
		{"\xc3\x96sterreich", "at"},
		{"Oesterreich", "at"},
		{"Suisse", "ch"},
		{"Schweiz", "ch"},
		{"Brasil", "br"},
		{"Turkey", "tr"},
		{"T\xc3\xbcrkiye", "tr"},
		{"\xe6\x97\xa5\xe6\x9c\xac", "jp"},
		{"Niger", "ne"},
		{"Nigeria", "ng"},
		{"Korea", "korea"},
		{"NA", "na"},
		{"NO", "no"},
		{"n.o.", "no"},
		{"(DE)", "de"},
		{"DE,", "de"},
		{"\"us\"", "us"},
		{"D-E", "de"},
		{"EU", "eu"},
		{"EL", "gr"},
		{"Congo", "congo"},
		{"Bayern", "bayern"},
		{"Germany, Bavaria", "germanybavaria"},
		{"United States (US)", "us"},
		{"Georgia, US", "georgiaus"},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 256);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		assert_true(normalize_country(str_of(rows[i].in), &b));
		assert_string_equal(buf_z(&b), rows[i].want);
	}
	buf_clear(&b);
	buf_fini(&b);
}

/* Nothing is sent of it, and a phone is read in the default country. */
static void knows_what_stands_for_none(void **state)
{
	static const char *const rows[] = {
		"",          ".",           "--",        "XX",   "xx ",  "T1",
		"ZZ",        "N/A",         "n/a",       "n.a.", "N.A.", "n. a.",
		"-NA-",      "(na)",        "k.A.",      "n/v",  "(no)", "u/k",
		"E.U.",      "null",        "NULL ",     "nil",  "none", "unknown",
		"(unknown)", "{{country}}", "(not set)", "n/e",  "-no-",
	};
	char own[3];
	struct buf b;

	(void)state;
	buf_init(&b, 256);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *code = country_code(str_of(rows[i]), own);

		if (code)
			fail_msg("%s: %s", rows[i], code);
		if (normalize_country(str_of(rows[i]), &b))
			fail_msg("%s: %s", rows[i], buf_z(&b));
		assert_int_equal(b.len, 0);
	}
	buf_fini(&b);
}

static void knows_codes(void **state)
{
	static const char *const rows[][2] = {
		{"de", "DE"},       {" uk ", "GB"},   {"Deutschland", "DE"},
		{"deu", "DE"},      {"U.S.", "US"},   {"U.K.", "GB"},
		{"u. s. a.", "US"}, {"Bayern", NULL}, {"Korea", NULL},
		{"D.E.", "DE"},     {"u k", "GB"},    {"Polska", "PL"},
		{"NA", "NA"},       {"no", "NO"},     {"XK", "XK"},
		{"el", "GR"},       {"EU", NULL},     {"AN", NULL},
		{"49", NULL},       {"4-9", NULL},    {"\xc3\x9c", NULL},
	};
	char own[3];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *code = country_code(str_of(rows[i][0]), own);

		if ((code == NULL) != (rows[i][1] == NULL) ||
		    (code && strcmp(code, rows[i][1]) != 0))
			fail_msg("%s: %s", rows[i][0], code ? code : "none");
	}
}

/* Each text's code; where there is one, the text is nothing else. */
static void check(const char *const rows[][2], size_t count)
{
	char own[3];

	for (size_t i = 0; i < count; i++) {
		const char *code = country_code(str_of(rows[i][0]), own);

		if ((code == NULL) != (rows[i][1] == NULL) ||
		    (code && strcmp(code, rows[i][1]) != 0) ||
		    country_is_all(str_of(rows[i][0])) != (code != NULL))
			fail_msg("%s: %s", rows[i][0], code ? code : "none");
	}
}

/* As WooCommerce and ISO 3166 write them, and the marks around them. */
static void knows_long_names(void **state)
{
	static const char *const rows[][2] = {
		{"United States (US)", "US"},
		{"United Kingdom (UK)", "GB"},
		{"United States (US) Minor Outlying Islands", "UM"},
		{"Virgin Islands (US)", "VI"},
		{"Virgin Islands (British)", "VG"},
		{"Saint Martin (Dutch part)", "SX"},
		{"Saint Martin (French part)", "MF"},
		{"Congo (Brazzaville)", "CG"},
		{"South Georgia/Sandwich Islands", "GS"},
		{"Korea, Republic of", "KR"},
		{"Korea, Democratic People's Republic of", "KP"},
		{"Congo, The Democratic Republic of the", "CD"},
		{"Tanzania, United Republic of", "TZ"},
		{"Moldova, Republic of", "MD"},
		{"Iran, Islamic Republic of", "IR"},
		{"Bolivia, Plurinational State of", "BO"},
		{"Venezuela, Bolivarian Republic of", "VE"},
		{"Taiwan, Province of China", "TW"},
		{"Republic of China", "TW"},
		{"People's Republic of China", "CN"},
		{"Lao People's Democratic Republic", "LA"},
		{"Syrian Arab Republic", "SY"},
		{"Republic of Ireland", "IE"},
		{"Ireland, Republic of", "IE"},
		{"Kingdom of the Netherlands", "NL"},
		{"The Gambia", "GM"},
		{"Netherlands (the)", "NL"},
		{"Cocos (Keeling) Islands (the)", "CC"},
		{"Viet Nam", "VN"},
		{"Czechia", "CZ"},
		{"C\xc3\xb4te d'Ivoire", "CI"},
		{"Antigua and Barbuda", "AG"},
		{"Bosnia and Herzegovina", "BA"},
		{"Saint Kitts and Nevis", "KN"},
		{"Japan (Canaria Vogel)", NULL},
		{"Germany, Weg 1", NULL},
		{"Canada, Canada", "CA"},
		{"Germany, DE", "DE"},
		{"United States (USA)", "US"},
		{"United States (U.S.)", "US"},
		{"China (PRC)", "CN"},
		{"Taiwan (R.O.C.)", "TW"},
		{"Gambia, The", "GM"},
		{"Ireland (Republic of)", "IE"},
		{"Hong Kong (China)", "HK"},
		{"Virgin Islands (U.S.)", "VI"},
		{"Ireland (Northern)", "GB"},
		{"Georgia (USA)", NULL},
		{"Georgia, U.S.", NULL},
		{"Georgia (U.S.)", NULL},
		{"Georgia (United States)", NULL},
		{"Georgia, United States", NULL},
		{"Georgia, Atlanta", NULL},
		{"Sudan, South", "SS"},
		{"Sudan (South)", "SS"},
		{"Guinea, Equatorial", "GQ"},
		{"Guinea (Equatorial)", "GQ"},
		{"Samoa, American", "AS"},
		{"Samoa (American)", "AS"},
		{"Guyana (French)", NULL},
		{"China (Hong Kong)", NULL},
		{"China (Hong Kong SAR)", NULL},
		{"China (Macau)", NULL},
		{"China (Taiwan)", NULL},
		{"United States (Puerto Rico)", NULL},
		{"United States, Puerto Rico", NULL},
		{"Republic of Ireland (UK)", NULL},
		{"Canaria Vogel Kingdom of Spain (ES)", NULL},
		{"Canaria Vogel (ES)", NULL},
		{"Lebanon, N.H.", NULL},
		{"Namibia (n.a.)", NULL},
		{"Germany ()", "DE"},
		{"DE (Germany)", "DE"},
		{"US, Georgia", NULL},
		{"Germany,", "DE"},
		{"Germany)", "DE"},
		{"Georgia, US", NULL},
		{"Georgia (US)", NULL},
		{"Bavaria, Germany", NULL},
		{"Bayern (by)", NULL},
		{"(", NULL},
		{"a,", NULL},
	};

	(void)state;
	check(rows, COUNT(rows));
}

/* "Republic of" and the like stand in front, and nothing else before them: neither a person, whom
 * redaction must find, nor another country. */
static void knows_forms(void **state)
{
	static const char *const rows[][2] = {
		{"The Republic of China", "TW"},
		{"Taiwan, Republic of China", "TW"},
		{"Taiwan (Republic of China)", "TW"},
		{"Taiwan - Republic of China", "TW"},
		{"The People's Republic of China", "CN"},
		{"China, People's Republic of", "CN"},
		{"Republic of the China", NULL},
		{"Democratic Republic of China", NULL},
		{"Democratic Republic of the Congo", "CD"},
		{"The Democratic Republic of Congo", "CD"},
		{"Republic of the Congo", "CG"},
		{"Republic of Korea", "KR"},
		{"the Islamic Republic of Mauritania", "MR"},
		{"Democratic Socialist Republic of Sri Lanka", "LK"},
		{"Federal Democratic Republic of Ethiopia", "ET"},
		{"Hashemite Kingdom of Jordan", "JO"},
		{"Republic of the Union of Myanmar", "MM"},
		{"The Former Yugoslav Republic of Macedonia", "MK"},
		{"The Bahamas", "BS"},
		{"The USA", "US"},
		{"the United States of America", "US"},
		{"Hellenic Republic", "GR"},
		{"Wales", "GB"},
		{"Turkish Republic of Northern Cyprus", NULL},
		{"Georgia, Republic of Ireland", NULL},
		{"Canaria Vogel, Republic of Ireland", NULL},
		{"c/o Canaria Vogel Kingdom of Spain", NULL},
		{"Republic of Ireland Canaria Vogel", NULL},
		{"Union of Can", NULL},
		{"Theben", NULL},
		{"Theo Man", NULL},
	};

	(void)state;
	check(rows, COUNT(rows));
}

/* The form behind the name, and a second name: in another language, of the country whose the first
 * is, its calling code. */
static void knows_parts(void **state)
{
	static const char *const rows[][2] = {
		{"Netherlands (Kingdom of the)", "NL"},
		{"Netherlands, Kingdom of the", "NL"},
		{"South Africa, Republic of", "ZA"},
		{"Yemen (Republic of)", "YE"},
		{"Germany, Federal Republic of", "DE"},
		{"Brazil, Federative Republic of", "BR"},
		{"Egypt, Arab Rep.", "EG"},
		{"Yemen, Rep.", "YE"},
		{"Somalia, Fed. Rep.", "SO"},
		{"Venezuela, RB", "VE"},
		{"Israel (State of)", "IL"},
		{"France, Metropolitan", "FR"},
		{"China (Mainland)", "CN"},
		{"P.R. China", "CN"},
		{"China, Rep.", NULL},
		{"China, Republic of", "TW"},
		{"China (Democratic Republic of)", NULL},
		{"Korea, Rep.", "KR"},
		{"Korea, Dem. People's Rep.", "KP"},
		{"Korea (Democratic People's Republic of)", "KP"},
		{"Congo, Dem. Rep.", "CD"},
		{"Congo, Rep.", "CG"},
		{"Congo (DRC)", "CD"},
		{"DRC", "CD"},
		{"Georgia, State of", NULL},
		{"Georgia, South", NULL},
		{"Guyana (French)", NULL},
		{"Palestine", "PS"},
		{"Ireland (Eire)", "IE"},
		{"Macedonia (FYROM)", "MK"},
		{"Greenland (Denmark)", "GL"},
		{"Reunion (France)", "RE"},
		{"Macau (China)", "MO"},
		{"Macao SAR, China", "MO"},
		{"Puerto Rico (US)", "PR"},
		{"Isle of Man, UK", "IM"},
		{"Gibraltar (UK)", "GI"},
		{"Gibraltar (Spain)", NULL},
		{"Jersey, US", NULL},
		{"UK (Gibraltar)", NULL},
		{"Saint Kitts and Nevis", "KN"},
		{"St Kitts and Nevis", "KN"},
		{"St. Vincent and the Grenadines", "VC"},
		{"St Vincent and the Grenadines", "VC"},
		{"Germany (+49)", "DE"},
		{"Puerto Rico (+1787)", "PR"},
		{"Georgia (+995)", "GE"},
		{"Georgia (+1)", NULL},
		{"Germany (+1)", NULL},
		{"Germany (49)", NULL},
		{"Germany, 80331", NULL},
		{"(DE) Germany", "DE"},
		{"DE - Federal Republic of Germany", "DE"},
		{"Germany - DE", "DE"},
		{"DE|Germany", "DE"},
		{"Germany: DE", "DE"},
		{"Schweiz/Suisse", "CH"},
		{"Germany/Austria", NULL},
		{"BO (Bolivia, Plurinational State of)", "BO"},
		{"CC, Cocos (Keeling) Islands", "CC"},
		{"Germany - Canaria Vogel", NULL},
		{"(DE) Canaria Vogel", NULL},
		{"Land, Po", NULL},
		{"Guinea-Bissau", "GW"},
		{"Austria, Tirol", NULL},
		{"Austria (Tirol)", NULL},
	};

	(void)state;
	check(rows, COUNT(rows));
}

/* Behind a country with its code may stand a place, or a person. */
static void knows_a_code_in_brackets(void **state)
{
	static const char *const rows[][2] = {
		{"United States (US) \xe2\x80\x94 Texas", "US"},
		{"United States (US) - Texas", "US"},
		{"United Kingdom (UK) - London", "GB"},
		{"Georgia (GE), US", "GE"},
		{"Gibraltar (UK), Canaria Vogel", "GI"},
		{"Canaria Vogel (ES), Madrid", NULL},
		{"Georgia (US) - Atlanta", NULL},
		{"Germany (de) - Weg 1", NULL},
	};
	char own[3];
	struct buf b;

	(void)state;
	buf_init(&b, 256);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *code = country_code(str_of(rows[i][0]), own);

		if ((code == NULL) != (rows[i][1] == NULL) ||
		    (code && strcmp(code, rows[i][1]) != 0))
			fail_msg("%s: %s", rows[i][0], code ? code : "none");
		assert_false(country_is_all(str_of(rows[i][0])));
		buf_clear(&b);
		assert_true(normalize_country(str_of(rows[i][0]), &b));
		assert_int_equal(b.len == 2, code != NULL);
	}
	buf_fini(&b);
}

/* Where a part of the text is another country, home is not it; what nobody understands says nothing. */
static void knows_where_phones_are_read(void **state)
{
	static const char *const rows[][2] = {
		{"", "AT"},
		{"  ", "AT"},
		{"N/A", "AT"},
		{"XX", "AT"},
		{"unknown", "AT"},
		{"de", "DE"},
		{"Germany", "DE"},
		{"United States (US) - Texas", "US"},
		{"Germany, Bavaria", ""},
		{"Bayern / Deutschland", ""},
		{"(Bavaria) Germany", ""},
		{"Sachsen - Germany", ""},
		{"California, USA", ""},
		{"London, GBR", ""},
		{"Germany \xe2\x80\x93 Bayern", ""},
		{"Bayern \xe2\x80\xa2 Germany", ""},
		{"Germany; Bayern", ""},
		{"Germany [DE]", ""},
		{"Bayern\nGermany", ""},
		{"Abidjan, C\xc3\xb4te d\xe2\x80\x99Ivoire", ""},
		{"Bissau, Guinea-Bissau", ""},
		{"Austria, Tirol", "AT"},
		{"Tirol, AUT", "AT"},
		{"USA, Austria", "AT"},
		{"Tirol, at", "AT"},
		{"Georgia, Austria", "AT"},
		{"Bayern", "AT"},
		{"de-DE", "AT"},
		{"Tirol, US", "AT"},
		{"Please select", "AT"},
		{"EU", "AT"},
		{"Niemcy", "AT"},
		{"\xd0\x93\xd0\xb5\xd1\x80", "AT"},
		{"f1c38d29bf0d7d1dbdf7ab9d3a4c1a51ee0d8bd1ae3b33c6a4b1c0e3e2f3a4b5",
		 "AT"},
	};
	char own[3];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(country_of_phones(str_of(rows[i][0]), "AT", own),
				    rows[i][1]);
	assert_string_equal(country_of_phones(STR("Austria, Tirol"), "", own), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_names),
		cmocka_unit_test(knows_what_stands_for_none),
		cmocka_unit_test(knows_codes),
		cmocka_unit_test(knows_long_names),
		cmocka_unit_test(knows_forms),
		cmocka_unit_test(knows_parts),
		cmocka_unit_test(knows_a_code_in_brackets),
		cmocka_unit_test(knows_where_phones_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
