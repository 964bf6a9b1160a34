/* SPDX-License-Identifier: MIT */
#include "run/cargo.h"

#include <stdlib.h>
#include <string.h>

void cargo_init(struct cargo *c, uint32_t events)
{
	*c = (struct cargo){.spans = malloc(events * sizeof(*c->spans))};
	if (!c->spans)
		abort();
	buf_init(&c->head, 4096);
	buf_init(&c->tail, 16);
}

/* Neighbours are one span. */
void cargo_add(struct cargo *c, uint32_t at, uint32_t len)
{
	struct span *last = c->count ? &c->spans[c->count - 1] : NULL;

	if (last && last->at + last->len == at)
		last->len += len;
	else
		c->spans[c->count++] = (struct span){at, len};
	c->len += len;
}

/* The last comma gives way to the tail. */
void cargo_close(struct cargo *c)
{
	c->spans[c->count - 1].len--;
	c->len += c->head.len - 1 + c->tail.len;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t cargo_read(struct cargo *c, const char *events, uint64_t offset, char *out,
		  size_t cap)
{
	size_t done = 0;

	if (offset < c->head.len) {
		done = least(c->head.len - offset, cap);
		memcpy(out, c->head.p + offset, done);
	}
	while (done < cap && c->current < c->count) {
		struct span *span = &c->spans[c->current];
		size_t len = least(span->len, cap - done);

		memcpy(out + done, events + span->at, len);
		span->at += (uint32_t)len;
		span->len -= (uint32_t)len;
		done += len;
		if (span->len == 0)
			c->current++;
	}
	if (c->current == c->count && done < cap) {
		size_t left = (size_t)(c->len - offset - done);
		size_t len = least(left, cap - done);

		memcpy(out + done, c->tail.p + c->tail.len - left, len);
		done += len;
	}
	return done;
}

void cargo_fini(struct cargo *c)
{
	buf_fini(&c->head);
	buf_fini(&c->tail);
	free(c->spans);
}
