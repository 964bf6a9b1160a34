/* SPDX-License-Identifier: MIT
 * json.h - a strict one-pass reader of JSON that leaves every byte where it is.
 *
 * RFC 8259 and nothing more: UTF-8 is checked, NUL, "\u0000" and lone surrogates are
 * refused, one value fills the text. A key is a STRING token and its value the next.
 *
 * No name here is one of jansson's, so that both can be included.
 *
 * Owns:    the token array, reused from text to text; the text is borrowed.
 * Thread:  one at a time.
 * Errors:  a text that is not JSON is an expected outcome, told by enum json_verdict. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdint.h>

#include "base/buf.h"

#define JSON_DEPTH_MAX 64
#define JSON_TOKENS_MAX (1u << 17) /* 2 MiB of tokens, whatever the text */
#define JSON_NONE 0u               /* the root is no member: 0 means "not there" */

/* clang-format off */
enum token_type {
	TOKEN_OBJECT = 1, TOKEN_ARRAY, TOKEN_STRING, TOKEN_NUMBER,
	TOKEN_TRUE, TOKEN_FALSE, TOKEN_NULL
};
/* clang-format on */

enum token_flag {
	TOKEN_ESCAPED = 1, /* a string with a backslash in it */
	TOKEN_EMPTY = 2,   /* "", null, {}, [], or one of these somewhere inside */
	TOKEN_HUGE = 4,    /* a number no double can hold, here or somewhere inside */
	TOKEN_REAL = 8,    /* a number with a fraction or an exponent */
	TOKEN_CLEAN = 16,  /* conversion_read: json_has_sign says no */
};

struct json_token {
	uint32_t start, end; /* bytes of the value; a string's without its quotes */
	uint32_t next;       /* the token behind the whole value */
	uint8_t type;        /* enum token_type */
	uint8_t flags;       /* enum token_flag */
};

struct json {
	struct str text;
	struct json_token *t;
	uint32_t count, cap;
};

enum json_verdict { JSON_OK, JSON_BAD, JSON_TOO_DEEP, JSON_TOO_MANY };

void json_init(struct json *j);
void json_fini(struct json *j);

/* After anything but JSON_OK the tokens are not to be read. */
enum json_verdict json_scan(struct json *j, struct str text);

/* The value of the member `key`, the last of several; JSON_NONE where there is none. */
uint32_t json_find(const struct json *j, uint32_t object, struct str key);
/* Also JSON_NONE where there are several. */
uint32_t json_find_sole(const struct json *j, uint32_t object, struct str key);
bool json_key_is(const struct json *j, uint32_t key, struct str name);

/* Appends what the string says, escapes resolved; other values as they are written. */
void json_unescape(const struct json *j, uint32_t at, struct buf *out);

/* UTF-8 as RFC 3629 has it: no overlongs, surrogates or code points past U+10FFFF. */
bool utf8_valid(struct str s);

static inline struct str json_bytes(const struct json *j, uint32_t at)
{
	return str_make(j->text.p + j->t[at].start, j->t[at].end - j->t[at].start);
}

#endif
