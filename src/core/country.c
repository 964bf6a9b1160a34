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
	return place.len == 2 ? code_of_two(text, place, own) : country_of_name(place);
}

static const char *code_of_part(struct str part)
{
	const char *code = NULL;
	struct buf place;

	buf_init(&place, 4 * TEXT_MAX_BYTES);
	if (normalize_place(part, &place))
		code = country_of_name(buf_str(&place));
	buf_fini(&place);
	return code;
}

static const char *code_before(struct str text, const char *end)
{
	return end ? code_of_part(str_make(text.p, (size_t)(end - text.p))) : NULL;
}

/* What stands in the last brackets, where that is a code: "United States (US)". */
static const char *code_in_brackets(struct str text, char own[3])
{
	const char *p = memrchr(text.p, ')', text.len);

	if (!p || p - text.p < 3 || p[-3] != '(' || p[-2] < 'A' || p[-2] > 'Z' ||
	    p[-1] < 'A' || p[-1] > 'Z')
		return NULL;
	return code_of_two(str_make(p - 2, 2), str_make(p - 2, 2), own);
}

static const char *code_behind_comma(struct str text, char own[3])
{
	const char *comma = memrchr(text.p, ',', text.len);

	if (!comma)
		return NULL;
	text = str_trim(str_make(comma + 1, (size_t)(text.p + text.len - comma - 1)));
	return text.len == 2 ? code_of_two(text, text, own) : code_of_part(text);
}

/* Of "United States (US) - Texas" the code in brackets and the name before them, of "Germany,
 * Bavaria" the name before the comma, as long as they agree. What is behind a comma only
 * contradicts: "Georgia, US" is not the country of that name. */
static const char *code_of_parts(struct str text, char own[3])
{
	const char *code = NULL;
	char other[3];
	const char *said[] = {
		code_in_brackets(text, own),
		code_before(text, memrchr(text.p, '(', text.len)),
		code_before(text, memchr(text.p, '(', text.len)),
		code_before(text, memchr(text.p, ',', text.len)),
		NULL,
	};

	for (size_t i = 0; i < COUNT(said); i++) {
		if (i == COUNT(said) - 1 && code)
			said[i] = code_behind_comma(text, other);
		if (code && said[i] && memcmp(code, said[i], 2) != 0)
			return NULL;
		if (!code)
			code = said[i];
	}
	return code;
}

/* `place` is what a trimmed `text` is without its marks. */
static const char *code_of_text(struct str text, struct str place, char own[3])
{
	const char *code = code_of_either(text, place, own);

	return code || place.len <= 2 ? code : code_of_parts(text, own);
}

/* By one of the two above. */
static const char *read_code(struct str text, char own[3],
			     const char *(*read)(struct str text, struct str place,
						 char own[3]))
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
		code = read(text, buf_str(&place), own);
	buf_fini(&place);
	return code;
}

const char *country_code(struct str text, char own[3])
{
	return read_code(text, own, code_of_text);
}

bool country_is_all(struct str text)
{
	char own[3];
	const char *code;

	if (read_code(text, own, code_of_either))
		return true;
	text = str_trim(text);
	code = text.len > 4 && text.p[text.len - 1] == ')' ? code_in_brackets(text, own)
							   : NULL;
	if (!code)
		return false;
	text = str_trim(str_make(text.p, text.len - 4));
	return text.len <= TEXT_MAX_BYTES && code_of_part(text) &&
	       memcmp(code_of_part(text), code, 2) == 0;
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
