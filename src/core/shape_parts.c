/* SPDX-License-Identifier: MIT */
#include "core/shape_parts.h"

#include "base/plain.h"
#include "core/decimal.h"
#include "core/redact_text.h"
#include "core/sha256_hex.h"

bool put_close(struct buf *b, size_t start, char bracket)
{
	if (b->full)
		return false;
	if (b->p[b->len - 1] != ',') {
		b->len = start;
		return false;
	}
	b->p[b->len - 1] = bracket;
	put(b, STR(","));
	return true;
}

/* Whether there is more in it than blanks. */
static bool says(struct str text)
{
	return text.len > 0 && (!ascii_is_space(text.p[0]) || str_trim(text).len > 0);
}

/* "label":"text", where nothing in the text needs an escape. */
static inline __attribute__((always_inline)) void
put_quoted(struct buf *b, struct str label, struct str text)
{
	char *to;

	if (!buf_reserve(b, label.len + text.len + 3))
		return;
	to = b->p + b->len;
	memcpy(to, label.p, label.len);
	to += label.len;
	*to++ = '"';
	memcpy(to, text.p, text.len);
	to += text.len;
	*to++ = '"';
	*to++ = ',';
	b->len = (size_t)(to - b->p);
}

void put_text(struct buf *b, struct str label, struct str text)
{
	if (!says(text))
		return;
	if (plain_end(text.p, text.p + text.len, true) == text.p + text.len) {
		put_quoted(b, label, text);
		return;
	}
	if (!json_can_say(text))
		return;
	put(b, label);
	put(b, STR("\""));
	buf_add_json(b, text);
	put(b, STR("\","));
}

/* Whether the string that is spelled `raw` in the payload says more than blanks. */
static bool string_says(struct shaper *sh, uint32_t at, struct str raw)
{
	return says(raw) &&
	       !(sh->j->t[at].flags & TOKEN_ESCAPED &&
		 str_trim(conversion_text(sh->c, at, &sh->s->text)).len == 0);
}

bool put_string_at(struct shaper *sh, struct str label, uint32_t at)
{
	struct str raw;

	if (at == JSON_NONE ||
	    (sh->j->t[at].type != TOKEN_STRING && sh->j->t[at].type != TOKEN_NUMBER))
		return false;
	raw = json_bytes(sh->j, at);
	if (!string_says(sh, at, raw))
		return false;
	/* The blanks inside the quotes are part of what is said. */
	put_quoted(sh->out, label, raw);
	return true;
}

/* The number at `at`, without quotes and the blanks around it; false is none, as PHP says it. A
 * zero has no sign, whatever the arithmetic of a shop gave it. False: bad_value. */
static bool number_at(struct shaper *sh, uint32_t at, struct str *text,
		      struct decimal *number)
{
	*text = STR_NONE;
	if (at == JSON_NONE || sh->j->t[at].type == TOKEN_NULL ||
	    sh->j->t[at].type == TOKEN_FALSE)
		return true;
	*text = str_trim(conversion_id(sh->c, at, &sh->s->text));
	if (text->len == 0)
		return sh->j->t[at].type == TOKEN_STRING;
	if (!decimal_read(*text, number) || decimal_is_huge(number))
		return false;
	if (!number->negative)
		return true;
	*text = str_make(text->p + 1, text->len - 1);
	return number->count == 0;
}

/* A number that the scan has looked at: neither negative nor too large. */
static bool is_amount(const struct shaper *sh, uint32_t at)
{
	const struct json_token *t = &sh->j->t[at];

	return at != JSON_NONE && t->type == TOKEN_NUMBER && !(t->flags & TOKEN_HUGE) &&
	       sh->j->text.p[t->start] != '-';
}

static void put_number(struct shaper *sh, struct str label, struct str text)
{
	put(sh->out, label);
	put(sh->out, text);
	put(sh->out, STR(","));
}

enum reason put_amount_at(struct shaper *sh, struct str label, uint32_t at)
{
	struct decimal number;
	struct str text;

	if (is_amount(sh, at))
		text = json_bytes(sh->j, at);
	else if (!number_at(sh, at, &text, &number))
		return bad_value(sh, at);
	if (text.len > 0)
		put_number(sh, label, text);
	return REASON_NONE;
}

enum reason put_count_at(struct shaper *sh, struct str label, uint32_t at)
{
	struct decimal number;
	struct str text;
	int64_t count;

	if (is_amount(sh, at) && !(sh->j->t[at].flags & TOKEN_REAL)) {
		text = json_bytes(sh->j, at);
		if (text.len > DECIMAL_INTEGER_DIGITS)
			return bad_value(sh, at);
		put_number(sh, label, text);
		return REASON_NONE;
	}
	if (!number_at(sh, at, &text, &number))
		return bad_value(sh, at);
	/* 1.5 kg are no count, and no reason to lose the purchase. */
	if (text.len == 0 || decimal_has_fraction(&number))
		return REASON_NONE;
	if (!decimal_to_integer(&number, &count))
		return bad_value(sh, at);
	put(sh->out, label);
	buf_add_i64(sh->out, count);
	put(sh->out, STR(","));
	return REASON_NONE;
}

bool put_given_id(struct shaper *sh, struct str label, uint32_t at)
{
	if (sh->j->t[at].flags & TOKEN_REAL) {
		put_text(sh->out, label, conversion_id(sh->c, at, &sh->s->text));
		return true;
	}
	return !(json_has_sign(sh->j, at) &&
		 tells_who(conversion_id(sh->c, at, &sh->s->text))) &&
	       put_string_at(sh, label, at);
}

bool put_trimmed_id(struct shaper *sh, struct str label, uint32_t at)
{
	struct str whole = conversion_id(sh->c, at, &sh->s->text);
	struct str text = str_trim(whole);

	if (text.len == whole.len)
		return put_given_id(sh, label, at);
	if (text.len == 0 || tells_who(text))
		return false;
	put_text(sh->out, label, text);
	return true;
}

void put_free_text(struct shaper *sh, struct str label, uint32_t at)
{
	struct str text;

	if (at == JSON_NONE)
		return;
	text = str_trim(conversion_id(sh->c, at, &sh->s->text));
	if (!(json_has_sign(sh->j, at) && tells_who(text)) && !holds_sha256_hex(text))
		put_string_at(sh, label, at);
}
