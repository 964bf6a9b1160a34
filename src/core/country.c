/* SPDX-License-Identifier: MIT */
#include "core/country.h"

#include <pthread.h>
#include <stdio.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>

#include "base/ascii.h"
#include "core/country_name.h"
#include "core/identity.h"
#include "core/normalize.h"
#include "core/phone_number.h"
#include "core/unicode_fold.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { TEXT_MAX_BYTES = 128 };

/* One bit a code, by its second letter. */
static uint32_t codes[26];

static void make_codes(void)
{
	for (const char *const *code = uloc_getISOCountries(); *code; code++)
		codes[**code - 'A'] |= UINT32_C(1) << ((*code)[1] - 'A');
}

/* U.S., U. K., (DE) and "DE," are codes; n/a and n.a. are not Namibia's, n/e is not Niger's, nor is
 * (no) Norway's. */
static bool is_code_with_marks(struct str text, struct str place)
{
	bool other = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '/')
			return false;
		if ((unsigned char)text.p[i] < 0x80 && !ascii_is_letter(text.p[i]) &&
		    text.p[i] != '.' && !ascii_is_space(text.p[i]))
			other = true;
	}
	return !is_placeholder_word(place) && !(other && str_ieq(place, STR("no")));
}

/* `place` has two bytes, and is what a trimmed `text` is without its marks. */
static const char *code_of_two(struct str text, struct str place, char own[3])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!ascii_is_letter(place.p[0]) || !ascii_is_letter(place.p[1]) ||
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

/* `place` is what a trimmed `text` is without its marks. */
static const char *code_of_whole(struct str text, struct str place, char own[3])
{
	return place.len == 2 ? code_of_two(text, place, own) : country_of_name(place);
}

static const char *code_of_part(struct str text, char own[3])
{
	const char *code = NULL;
	struct buf place;

	text = str_trim(text);
	buf_init(&place, 4 * TEXT_MAX_BYTES);
	if (normalize_place(text, &place))
		code = code_of_whole(text, buf_str(&place), own);
	buf_fini(&place);
	return code;
}

/* Whose names are written behind those of their territories: the parent, then these. */
static const char *const territories[] = {
	"AUCCCXHMNF",
	"CNHKMOTW",
	"DKFOGL",
	"FIAX",
	"FRBLGFGPMFMQNCPFPMRETFWFYT",
	"GBAIBMFKGGGIGSIMIOJEKYMSPNSHTCVG",
	"NLAWBQCWSX",
	"NOBVSJ",
	"NZCKNUTK",
	"USASGUMPPRUMVI",
};

static bool is_territory_of(const char *code, const char *parent)
{
	for (size_t i = 0; i < COUNT(territories); i++)
		if (memcmp(territories[i], parent, 2) == 0)
			for (const char *of = territories[i] + 2; *of; of += 2)
				if (memcmp(of, code, 2) == 0)
					return true;
	return false;
}

/* "+49" for Germany, "+1787" for Puerto Rico. */
static bool is_calling_code(struct str text, const char *country)
{
	char code[12];
	int len;

	if (text.len < 2 || text.len > 5 || text.p[0] != '+')
		return false;
	for (size_t i = 1; i < text.len; i++)
		if (!ascii_is_digit(text.p[i]))
			return false;
	len = snprintf(code, sizeof(code), "+%d", phone_number_calling_code(country));
	return (size_t)len <= text.len && memcmp(text.p, code, (size_t)len) == 0;
}

/* "Netherlands, Kingdom of the" and "Sudan, South" in the order in which they are spoken. */
static const char *code_turned(struct str name, struct str front)
{
	const char *code = NULL;
	struct buf place;

	buf_init(&place, 8 * TEXT_MAX_BYTES);
	if (normalize_place(front, &place) && normalize_place(name, &place))
		code = country_of_name(buf_str(&place));
	buf_fini(&place);
	return code;
}

/* What is behind a name makes another country of it ("Sudan, South"), or may ("Georgia, U.S."),
 * unless it says the same country again, whose it is, or nothing at all: "United States (US)",
 * "Gibraltar (UK)", "Netherlands (the)". */
static const char *code_said_twice(struct str name, struct str again, char own[3])
{
	const char *code = code_of_part(name, own), *other;
	char others[3];

	again = str_trim(again);
	if (!code || str_ieq(again, STR("the")) || is_calling_code(again, code))
		return code;
	other = code_of_part(again, others);
	if (!other)
		return code_turned(name, again);
	return memcmp(code, other, 2) == 0 || is_territory_of(code, other) ? code : NULL;
}

static bool is_mark(struct str text, size_t i)
{
	switch (text.p[i]) {
	case ',':
	case '/':
	case '|':
	case ':': return true;
	case ')': return text.p[0] == '(';
	case '-': return i + 1 < text.len && text.p[i - 1] == ' ' && text.p[i + 1] == ' ';
	default: return false;
	}
}

/* Two names: the second in brackets at the end, or behind the last mark. */
static const char *code_of_parts(struct str text, char own[3])
{
	bool brackets = text.p[text.len - 1] == ')';

	text.len -= brackets;
	for (size_t i = text.len; i-- > 1;)
		if (brackets ? text.p[i] == '(' : is_mark(text, i))
			return code_said_twice(str_make(text.p, i),
					       str_make(text.p + i + 1, text.len - i - 1),
					       own);
	return NULL;
}

static const char *code_of_text(struct str text, struct str place, char own[3])
{
	const char *code = code_of_whole(text, place, own);

	return code || place.len <= 2 ? code : code_of_parts(text, own);
}

/* "United States (US) - Texas": the code in capitals says that the name in front of it is a
 * country's, whatever follows. */
static const char *code_in_brackets(struct str text, char own[3])
{
	const char *open = memchr(text.p, '(', text.len);
	size_t at = open ? (size_t)(open - text.p) : text.len;

	if (text.len - at < 4 || open[3] != ')' || open[1] < 'A' || open[1] > 'Z' ||
	    open[2] < 'A' || open[2] > 'Z')
		return NULL;
	return code_said_twice(str_make(text.p, at), str_make(open + 1, 2), own);
}

static const char *code_of_all(struct str text, char own[3])
{
	const char *code = NULL;
	struct buf place;

	text = str_trim(text);
	if (text.len == 2)
		return code_of_two(text, text, own);
	if (text.len < 3 || text.len > TEXT_MAX_BYTES)
		return NULL;
	buf_init(&place, 4 * TEXT_MAX_BYTES);
	if (normalize_place(text, &place))
		code = code_of_text(text, buf_str(&place), own);
	buf_fini(&place);
	return code;
}

const char *country_code(struct str text, char own[3])
{
	const char *code = code_of_all(text, own);

	if (code || text.len < 3 || text.len > TEXT_MAX_BYTES)
		return code;
	return code_in_brackets(str_trim(text), own);
}

bool country_is_all(struct str text)
{
	char own[3];

	return code_of_all(text, own) != NULL;
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
	code = in.len <= TEXT_MAX_BYTES ? code_of_text(in, place, own) : NULL;
	if (!code && in.len <= TEXT_MAX_BYTES)
		code = code_in_brackets(in, own);
	if (!code && !is_no_country(in, place))
		return true;
	out->len = before;
	return code && normalize_place(str_of(code), out);
}

/* What stands in a name. */
static bool is_of_name(struct str text, size_t at, uint32_t c)
{
	switch (c) {
	case ' ':
	case 0xa0:
	case '.':
	case '\'':
	case 0x2019:
	case '&': return true;
	case '-': return at == 0 || !is_mark(text, at);
	default:
		return u_isalnum((UChar32)c) ||
		       (U_GET_GC_MASK((UChar32)c) & U_GC_M_MASK) != 0;
	}
}

/* "Austria, Tirol" is foreign where AT is not home, "Georgia, US" is not where US is: two letters alone
 * are home's only, as states and provinces have such codes. */
static bool is_foreign(struct str text, const char *home)
{
	bool foreign = false;
	char own[3];

	for (size_t from = 0, at = 0, next = 0; at <= text.len; at = next) {
		struct str part = str_make(text.p + from, at - from);
		const char *code;

		if (at == text.len)
			next++;
		else if (is_of_name(text, at, unicode_lower(text, &next)))
			continue;
		from = next;
		code = country_code(part, own);
		if (code && memcmp(code, home, 2) == 0)
			return false;
		foreign |= code && str_trim(part).len > 2;
	}
	return foreign;
}

const char *country_of_phones(struct str text, const char *home, char own[3])
{
	const char *code = country_code(text, own);

	if (code)
		return code;
	return *home && is_foreign(text, home) ? "" : home;
}
