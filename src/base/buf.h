/* SPDX-License-Identifier: MIT
 * buf.h - a growing byte buffer that is born with a cap.
 *
 * Owns:    its bytes, from the first append to buf_fini.
 * Thread:  one at a time.
 * Errors:  an append past the cap leaves the bytes as they were and sets `full` for good
 *          (until buf_clear), so that a row of appends is checked once, at its end. Out
 * of memory below the cap aborts: the outbox makes a crash safe. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t len; /* bytes used */
	size_t cap; /* bytes allocated */
	size_t max; /* bytes it may ever hold */
	bool full;  /* an append did not fit */
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);

/* Forgets the content and `full`, keeps the memory. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
}

bool buf_reserve_slowly(struct buf *b, size_t more);

/* Room for `more` bytes behind len; false and `full` where the cap forbids it. */
static inline bool buf_reserve(struct buf *b, size_t more)
{
	return (b->cap - b->len > more && !b->full) || buf_reserve_slowly(b, more);
}

static inline void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || !buf_reserve(b, len))
		return;
	memcpy(b->p + b->len, bytes, len);
	b->len += len;
}

void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_add_i64(struct buf *b, int64_t value);

/* Appends `s` as the inside of a JSON string: quotes, backslashes and control bytes
 * escaped; `s` is taken to be UTF-8. */
void buf_add_json(struct buf *b, struct str s);

static inline void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline void buf_adds(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.len);
}

static inline struct str buf_str(const struct buf *b)
{
	return str_make(b->p, b->len);
}

/* A NUL behind the bytes, not counted in len; "" where `full`. Valid until the next
 * append. */
const char *buf_z(struct buf *b);

#endif
