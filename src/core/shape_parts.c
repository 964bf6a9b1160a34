/* SPDX-License-Identifier: MIT */
#include "core/shape_parts.h"

#include "core/decimal.h"

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

void put_text(struct buf *b, struct str label, struct str text)
{
	if (str_trim(text).len == 0)
		return;
	put(b, label);
	put(b, STR("\""));
	buf_add_json(b, text);
	put(b, STR("\","));
}

/* The string as the payload spells it; empty where it says nothing but blanks. */
static struct str spelled(struct shaper *sh, uint32_t at)
{
	struct str raw = str_trim(json_bytes(sh->j, at));

	if (sh->j->t[at].flags & TOKEN_ESCAPED &&
	    str_trim(conversion_text(sh->c, at, &sh->s->text)).len == 0)
		return STR_NONE;
	/* The blanks inside the quotes are part of what is said. */
	return raw.len ? json_bytes(sh->j, at) : raw;
}

static bool put_spelled(struct shaper *sh, struct str label, uint32_t at)
{
	struct str text = spelled(sh, at);

	if (text.len == 0)
		return false;
	put(sh->out, label);
	put(sh->out, STR("\""));
	put(sh->out, text);
	put(sh->out, STR("\","));
	return true;
}

bool put_string_at(struct shaper *sh, struct str label, uint32_t at)
{
	return at != JSON_NONE &&
	       (sh->j->t[at].type == TOKEN_STRING || sh->j->t[at].type == TOKEN_NUMBER) &&
	       put_spelled(sh, label, at);
}

/* The number at `at`, without quotes and the blanks around it. False: bad_value. */
static bool number_at(struct shaper *sh, uint32_t at, struct str *text,
		      struct decimal *number)
{
	*text = STR_NONE;
	if (at == JSON_NONE || sh->j->t[at].type == TOKEN_NULL)
		return true;
	*text = str_trim(conversion_id(sh->c, at, &sh->s->text));
	if (text->len == 0)
		return sh->j->t[at].type == TOKEN_STRING;
	return text->p[0] != '-' && decimal_read(*text, number) &&
	       !decimal_is_huge(number);
}

enum reason put_amount_at(struct shaper *sh, struct str label, uint32_t at)
{
	struct decimal number;
	struct str text;

	if (!number_at(sh, at, &text, &number))
		return REASON_BAD_VALUE;
	if (text.len == 0)
		return REASON_NONE;
	put(sh->out, label);
	put(sh->out, text);
	put(sh->out, STR(","));
	return REASON_NONE;
}

enum reason put_count_at(struct shaper *sh, struct str label, uint32_t at)
{
	struct decimal number;
	struct str text;
	int64_t count;

	if (!number_at(sh, at, &text, &number))
		return REASON_BAD_VALUE;
	if (text.len == 0)
		return REASON_NONE;
	if (!decimal_to_integer(&number, &count))
		return REASON_BAD_VALUE;
	put(sh->out, label);
	buf_add_i64(sh->out, count);
	put(sh->out, STR(","));
	return REASON_NONE;
}
