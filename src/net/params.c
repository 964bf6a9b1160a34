/* SPDX-License-Identifier: MIT */
#include "net/params.h"

#include <stdlib.h>

/* Appends one name or value, unescaped. */
static bool unescape(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.len; i++) {
		int high, low;

		if (in.p[i] == '\0')
			return false;
		if (in.p[i] != '%') {
			buf_addc(out, in.p[i] == '+' ? ' ' : in.p[i]);
			continue;
		}
		if (in.len - i < 3)
			return false;
		high = ascii_nibble(in.p[i + 1]);
		low = ascii_nibble(in.p[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		buf_addc(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* What was appended since `from`. The buffer never moves: its whole size is reserved. */
static struct str since(const struct buf *text, size_t from)
{
	return str_make(text->p + from, text->len - from);
}

static bool add_pair(struct params *p, struct str pair)
{
	const char *equals = memchr(pair.p, '=', pair.len);
	size_t name_len = equals ? (size_t)(equals - pair.p) : pair.len;
	size_t skip = equals ? name_len + 1 : name_len, from = p->text.len;

	if (p->count == PARAMS_MAX || !unescape(&p->text, str_make(pair.p, name_len)))
		return false;
	p->pair[p->count].name = since(&p->text, from);
	from = p->text.len;
	if (!unescape(&p->text, str_make(pair.p + skip, pair.len - skip)))
		return false;
	p->pair[p->count++].value = since(&p->text, from);
	return true;
}

bool params_parse(struct params *p, struct str text)
{
	bool ok = text.len <= PARAMS_BYTES_MAX;

	p->count = 0;
	buf_init(&p->text, PARAMS_BYTES_MAX);
	if (!ok || !buf_reserve(&p->text, text.len))
		return false;
	while (ok && text.len > 0) {
		const char *end = memchr(text.p, '&', text.len);
		size_t len = end ? (size_t)(end - text.p) : text.len;

		if (len > 0)
			ok = add_pair(p, str_make(text.p, len));
		len += end != NULL;
		text = str_make(text.p + len, text.len - len);
	}
	if (!ok)
		p->count = 0;
	return ok;
}

void params_fini(struct params *p)
{
	buf_fini(&p->text);
	p->count = 0;
}

struct str params_get(const struct params *p, const char *name)
{
	for (int i = p->count; i-- > 0;)
		if (str_eq(p->pair[i].name, str_of(name)))
			return p->pair[i].value;
	return STR_NONE;
}
