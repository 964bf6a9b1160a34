/* SPDX-License-Identifier: MIT */
#include "core/country.h"

#include <pthread.h>
#include <unicode/uloc.h>

#include "base/ascii.h"
#include "core/country_name.h"
#include "core/identity.h"
#include "core/normalize.h"

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

/* What is behind a name makes another country of it ("Sudan, South"), or may ("Georgia, U.S."),
 * unless it says the same country again or nothing at all: "United States (US)", "Netherlands
 * (the)". */
static const char *code_said_twice(struct str name, struct str again, char own[3])
{
	const char *code = code_of_part(name, own), *other;
	char others[3];

	if (!code || str_ieq(str_trim(again), STR("the")))
		return code;
	other = code_of_part(again, others);
	return other && memcmp(code, other, 2) == 0 ? code : NULL;
}

/* By what stands in the last brackets or behind the last comma. */
static const char *code_of_parts(struct str text, char own[3])
{
	bool brackets = text.p[text.len - 1] == ')';
	const char *end = text.p + text.len - brackets,
		   *mark = memrchr(text.p, brackets ? '(' : ',', text.len);

	if (!mark)
		return NULL;
	return code_said_twice(str_make(text.p, (size_t)(mark - text.p)),
			       str_make(mark + 1, (size_t)(end - mark - 1)), own);
}

static const char *code_of_text(struct str text, struct str place, char own[3])
{
	const char *code = code_of_whole(text, place, own);

	return code || place.len <= 2 ? code : code_of_parts(text, own);
}

const char *country_code(struct str text, char own[3])
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

bool country_is_all(struct str text)
{
	char own[3];

	return country_code(text, own) != NULL;
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
	if (!code && !is_no_country(in, place))
		return true;
	out->len = before;
	return code && normalize_place(str_of(code), out);
}
