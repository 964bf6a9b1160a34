/* SPDX-License-Identifier: MIT */
#include "core/json_place.h"

#include "base/plain.h"
#include "core/decimal.h"
#include "core/glyph.h"
#include "core/json.h"
#include "core/json_string.h"

/* The functions below go on behind what they take, and leave `at` where it cannot be taken. */
struct walk {
	const char *at, *end;
	bool object[JSON_DEPTH_MAX]; /* what is open: an object, or a list */
	int depth;
};

static bool is_at(const struct walk *w, char c)
{
	return w->at < w->end && *w->at == c;
}

static bool take(struct walk *w, char c)
{
	bool there = is_at(w, c);

	w->at += there;
	return there;
}

static void skip_space(struct walk *w)
{
	while (is_at(w, ' ') || is_at(w, '\n') || is_at(w, '\r') || is_at(w, '\t'))
		w->at++;
}

/* A byte of the content, or else the opening quote. */
static const char *bad_in_string(const char *from, const char *end)
{
	size_t len;

	for (const char *at = from + 1; at < end && *at != '"'; at += len) {
		uint32_t c;

		len = *at == '\\' && at + 1 < end ? 2 : 1;
		if ((unsigned char)*at >= 0x80)
			len = glyph_read(at, (size_t)(end - at), &c);
		if (len == 0 || (unsigned char)*at < 0x20)
			return at;
	}
	return from;
}

static bool take_string(struct walk *w)
{
	const char *from = w->at, *close;
	bool escaped;

	if (!is_at(w, '"'))
		return false;
	close = plain_end(from + 1, w->end, true);
	if (close == w->end || *close != '"')
		close = json_string_end(close, w->end, &escaped);
	w->at = close ? close + 1 : bad_in_string(from, w->end);
	return close != NULL;
}

static bool take_scalar(struct walk *w)
{
	static const struct str words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
	struct str left = str_make(w->at, (size_t)(w->end - w->at));
	const char *behind;
	unsigned form;

	if (is_at(w, '"'))
		return take_string(w);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_starts(left, words[i])) {
			w->at += words[i].len;
			return true;
		}
	behind = decimal_end(w->at, w->end, &form);
	if (behind)
		w->at = behind;
	return behind != NULL;
}

static bool take_key(struct walk *w)
{
	if (!take_string(w))
		return false;
	skip_space(w);
	if (!take(w, ':'))
		return false;
	skip_space(w);
	return true;
}

/* Closes what ends here; true behind a comma, where something must follow, or at the end. */
static bool take_behind(struct walk *w)
{
	while (w->depth > 0) {
		skip_space(w);
		if (take(w, ',')) {
			skip_space(w);
			return true;
		}
		if (!take(w, w->object[w->depth - 1] ? '}' : ']'))
			return false;
		w->depth--;
	}
	skip_space(w);
	return w->at == w->end;
}

/* A value with its key, and what closes behind it; or the opening of a container. */
static bool take_member(struct walk *w)
{
	bool object = is_at(w, '{');

	if (w->depth > 0 && w->object[w->depth - 1]) {
		if (!take_key(w))
			return false;
		object = is_at(w, '{');
	}
	if (!object && !is_at(w, '['))
		return take_scalar(w) && take_behind(w);
	if (w->depth == JSON_DEPTH_MAX)
		return false;
	w->object[w->depth++] = object;
	w->at++;
	skip_space(w);
	return !is_at(w, object ? '}' : ']') || take_behind(w);
}

bool json_place(struct str text, size_t *at)
{
	struct walk w = {.at = text.p, .end = text.p + text.len};
	bool good;

	if (text.len == 0) {
		*at = 0;
		return true;
	}
	skip_space(&w);
	do
		good = take_member(&w);
	while (good && w.depth > 0);
	*at = (size_t)(w.at - text.p);
	return !good;
}

/* Whether an escape of one of `signs` behind "\ud" stands at p. */
static bool is_surrogate(const char *p, const char *end, const char *signs)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' && ascii_lower(p[2]) == 'd' &&
	       p[3] && strchr(signs, ascii_lower(p[3]));
}

/* Whether the string that begins in front of p has "\ud83d" without its other half in it, which
 * JavaScript leaves of an emoji that it has cut in two: JSON to the eye. */
static bool holds_half(const char *p, const char *end)
{
	while (p < end && *p != '"') {
		bool first = is_surrogate(p, end, "89ab");

		if (first ? !is_surrogate(p + 6, end, "cdef")
			  : is_surrogate(p, end, "cdef"))
			return true;
		p += first ? 12 : *p == '\\' ? 2 : 1;
	}
	return false;
}

void json_place_tell(struct str text, size_t at, struct buf *out)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		bool begins = ((unsigned char)text.p[i] & 0xc0) != 0x80;

		column = text.p[i] == '\n' ? 1 : column + begins;
		line += text.p[i] == '\n';
	}
	buf_addf(out, "line %zu, column %zu", line, column);
	if (at == text.len)
		buf_adds(out, STR(", its end"));
	else if (text.p[at] == '"' && holds_half(text.p + at + 1, text.p + text.len))
		buf_adds(out, STR(", half of a character (\\ud800 to \\udfff alone)"));
}
