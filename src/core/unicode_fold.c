/* SPDX-License-Identifier: MIT */
#include "core/unicode_fold.h"

#include <unicode/uchar.h>
#include <unicode/uiter.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

/* Decomposition makes at most three units of one byte of UTF-8. */
#define UNITS_MAX (3 * UNICODE_FOLD_MAX)

struct units {
	UChar u[UNITS_MAX];
	int32_t len;
};

/* Latin letters that Unicode does not take apart into a base and an accent. */
static const struct {
	UChar letter;
	char ascii[3];
} latin[] = {
	{0x00df, "ss"}, /* ß */
	{0x00e6, "ae"}, /* æ */
	{0x00f0, "d"},  /* ð */
	{0x00f8, "o"},  /* ø */
	{0x00fe, "th"}, /* þ */
	{0x0111, "d"},  /* đ */
	{0x0127, "h"},  /* ħ */
	{0x0131, "i"},  /* ı */
	{0x0142, "l"},  /* ł */
	{0x014b, "n"},  /* ŋ */
	{0x0153, "oe"}, /* œ */
	{0x0167, "t"},  /* ŧ */
};

static bool is_blank(UChar32 c)
{
	return u_isUWhiteSpace(c) || u_iscntrl(c);
}

static bool is_invisible(UChar32 c)
{
	return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

static void put(struct units *w, UChar32 c)
{
	UBool overflow = 0;

	U16_APPEND(w->u, w->len, UNITS_MAX, c, overflow);
	(void)overflow; /* far past any real value: cut */
}

static bool read_lower(struct str in, struct units *w)
{
	UErrorCode status = U_ZERO_ERROR;
	struct units raw;

	u_strFromUTF8(raw.u, UNITS_MAX, &raw.len, in.p, (int32_t)in.len, &status);
	if (U_FAILURE(status))
		return false;
	w->len = u_strToLower(w->u, UNITS_MAX, raw.u, raw.len, "", &status);
	return U_SUCCESS(status);
}

static bool compose(struct units *w, const UNormalizer2 *form)
{
	UErrorCode status = U_ZERO_ERROR;
	struct units raw = *w;

	w->len = unorm2_normalize(form, raw.u, raw.len, w->u, UNITS_MAX, &status);
	return U_SUCCESS(status);
}

static const UNormalizer2 *form_of(enum fold how)
{
	UErrorCode status = U_ZERO_ERROR;

	if (how == FOLD_PLACE)
		return unorm2_getNFKDInstance(&status);
	if (how == FOLD_ZIP)
		return unorm2_getNFKCInstance(&status);
	return unorm2_getNFCInstance(&status);
}

static void filter_email(struct units *w, UChar32 c)
{
	if (!is_invisible(c))
		put(w, c);
}

static void filter_name(struct units *w, UChar32 c)
{
	if (!is_blank(c))
		put(w, c);
	else if (w->len > 0 && w->u[w->len - 1] != ' ')
		put(w, ' ');
}

static void filter_zip(struct units *w, UChar32 c)
{
	if (!is_blank(c) && !is_invisible(c) && u_charType(c) != U_DASH_PUNCTUATION)
		put(w, c);
}

static bool is_latin(UChar32 c)
{
	UErrorCode status = U_ZERO_ERROR;

	return uscript_getScript(c, &status) == USCRIPT_LATIN;
}

/* An accent goes with a Latin base only: elsewhere marks are vowels. */
static void filter_place(struct units *w, UChar32 c)
{
	if (U_GET_GC_MASK(c) & U_GC_M_MASK) {
		if (w->len > 0 && !is_latin(w->u[w->len - 1]) && !is_invisible(c))
			put(w, c);
		return;
	}
	for (size_t i = 0; i < sizeof(latin) / sizeof(latin[0]); i++) {
		if (latin[i].letter != c)
			continue;
		for (const char *p = latin[i].ascii; *p != '\0'; p++)
			put(w, *p);
		return;
	}
	if (u_isalnum(c))
		put(w, c);
}

static void filter(struct units *w, enum fold how)
{
	static void (*const filters[])(struct units *, UChar32) = {
		[FOLD_EMAIL] = filter_email,
		[FOLD_NAME] = filter_name,
		[FOLD_ZIP] = filter_zip,
		[FOLD_PLACE] = filter_place,
	};
	struct units raw = *w;
	UCharIterator it;

	w->len = 0;
	uiter_setString(&it, raw.u, raw.len);
	for (UChar32 c = uiter_next32(&it); c >= 0; c = uiter_next32(&it))
		filters[how](w, c);
}

static bool is_edge(UChar32 c)
{
	return is_blank(c) || is_invisible(c);
}

/* White space and what cannot be seen, at both ends. */
static void trim(struct units *w)
{
	int32_t start = 0;

	while (w->len > 0 && is_edge(w->u[w->len - 1]))
		w->len--;
	while (start < w->len && is_edge(w->u[start]))
		start++;
	w->len -= start;
	u_memmove(w->u, w->u + start, w->len);
}

static bool append(const struct units *w, struct buf *out)
{
	UErrorCode status = U_ZERO_ERROR;
	char utf8[3 * UNITS_MAX];
	int32_t len;

	u_strToUTF8(utf8, sizeof(utf8), &len, w->u, w->len, &status);
	if (U_FAILURE(status) || len == 0)
		return false;
	buf_add(out, utf8, (size_t)len);
	return !out->full;
}

bool unicode_fold(struct str in, enum fold how, struct buf *out)
{
	struct units w;

	if (in.len > UNICODE_FOLD_MAX || !read_lower(in, &w) ||
	    !compose(&w, form_of(how)))
		return false;
	trim(&w);
	filter(&w, how);
	if (how == FOLD_PLACE && !compose(&w, form_of(FOLD_NAME)))
		return false;
	return append(&w, out);
}

uint32_t unicode_lower(struct str s, size_t *at)
{
	const uint8_t *bytes = (const uint8_t *)s.p;
	int32_t i = (int32_t)*at;
	UChar32 c;

	if (*at >= INT32_MAX || s.len > INT32_MAX)
		return bytes[(*at)++];
	U8_NEXT(bytes, i, (int32_t)s.len, c);
	if (c < 0)
		return bytes[(*at)++];
	*at = (size_t)i;
	return (uint32_t)u_foldCase(c, U_FOLD_CASE_DEFAULT);
}
