/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plain.h"

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 64;

	while (cap < need)
		cap += cap / 2 + 64;
	if (cap > b->max + 1)
		cap = b->max + 1; /* one more, for buf_z */
	b->p = realloc(b->p, cap);
	if (!b->p)
		abort();
	b->cap = cap;
}

bool buf_reserve_slowly(struct buf *b, size_t more)
{
	if (b->full || more > b->max - b->len) {
		b->full = true;
		return false;
	}
	if (b->cap - b->len < more + 1)
		grow(b, b->len + more + 1);
	return true;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < 0)
		abort();
	if ((size_t)len < sizeof(text)) {
		buf_add(b, text, (size_t)len);
		return;
	}
	if (!buf_reserve(b, (size_t)len))
		return;
	va_start(args, fmt);
	vsnprintf(b->p + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_add_i64(struct buf *b, int64_t value)
{
	char digits[21];
	size_t at = sizeof(digits);
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (value < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}

static void add_escaped(struct buf *b, unsigned char c)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; names[i]; i += 2) {
		if ((unsigned char)names[i] == c) {
			buf_addc(b, '\\');
			buf_addc(b, names[i + 1]);
			return;
		}
	}
	buf_addf(b, "\\u%04x", c);
}

void buf_add_json(struct buf *b, struct str s)
{
	const char *from = s.p, *end = s.len > 0 ? s.p + s.len : s.p;

	while (from < end) {
		const char *odd = plain_end(from, end, false);

		buf_add(b, from, (size_t)(odd - from));
		if (odd < end)
			add_escaped(b, (unsigned char)*odd++);
		from = odd;
	}
}

const char *buf_z(struct buf *b)
{
	if (b->full || !buf_reserve(b, 0))
		return "";
	b->p[b->len] = '\0';
	return b->p;
}
