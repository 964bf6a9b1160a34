/* SPDX-License-Identifier: MIT */
#include "core/csv.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

void csv_init(struct csv *c)
{
	c->separator = ',';
	c->count = 0;
	buf_init(&c->text, TEXT_MAX);
}

void csv_fini(struct csv *c)
{
	buf_fini(&c->text);
}

char csv_separator(struct str header)
{
	static const char separators[] = {',', ';', '\t'};
	char best = ',';
	size_t most = 0;

	for (size_t i = 0; i < sizeof(separators); i++) {
		size_t count = 0;

		for (size_t k = 0; k < header.len; k++)
			count += header.p[k] == separators[i];
		if (count > most) {
			most = count;
			best = separators[i];
		}
	}
	return best;
}

bool csv_is_open(char separator, struct str line, bool quoted)
{
	enum { BEGIN, PLAIN, QUOTED, CLOSED } state = quoted ? QUOTED : BEGIN;

	if (!quoted && (line.len == 0 || !memchr(line.p, '"', line.len)))
		return false;
	for (size_t i = 0; i < line.len; i++) {
		char c = line.p[i];

		if (state == QUOTED)
			state = c == '"' ? CLOSED : QUOTED;
		else if (c == separator)
			state = BEGIN;
		else
			state = c == '"' && state != PLAIN ? QUOTED : PLAIN;
	}
	return state == QUOTED;
}

/* The bytes between quotes; *left begins behind the opening one, and then behind the closing
 * one. false where there is none. */
static bool take_quoted(struct str *left, struct buf *out)
{
	for (;;) {
		const char *end = left->len ? memchr(left->p, '"', left->len) : NULL;
		size_t len = end ? (size_t)(end - left->p) : 0;

		if (!end)
			return false;
		buf_add(out, left->p, len);
		*left = str_make(end + 1, left->len - len - 1);
		if (left->len == 0 || left->p[0] != '"')
			return true;
		buf_addc(out, '"');
		*left = str_make(left->p + 1, left->len - 1);
	}
}

static void take_plain(char separator, struct str *left, struct buf *out)
{
	const char *end = left->len ? memchr(left->p, separator, left->len) : NULL;
	size_t len = end ? (size_t)(end - left->p) : left->len;

	buf_add(out, left->p, len);
	*left = str_make(left->p + len, left->len - len);
}

const char *csv_split(struct csv *c, struct str record)
{
	struct str left = record;

	buf_clear(&c->text);
	for (c->count = 0;;) {
		size_t at = c->text.len;

		if (c->count == CSV_FIELDS_MAX)
			return "it has more than 512 fields";
		if (left.len > 0 && left.p[0] == '"') {
			left = str_make(left.p + 1, left.len - 1);
			if (!take_quoted(&left, &c->text))
				return "a quote is not closed";
			if (left.len > 0 && left.p[0] != c->separator)
				return "there is text behind a closing quote";
		} else {
			take_plain(c->separator, &left, &c->text);
		}
		c->fields[c->count++] = (struct csv_field){at, c->text.len - at};
		if (left.len == 0)
			return c->text.full ? "it is too long" : NULL;
		left = str_make(left.p + 1, left.len - 1);
	}
}
