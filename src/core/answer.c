/* SPDX-License-Identifier: MIT
 *
 * TikTok's envelope, {"code":0,"message":"OK","request_id":"…"}, from bytes that may be
 * anything. */
#include "core/answer.h"

#include <stdlib.h>

#include "core/glyph.h"
#include "core/json.h"

enum {
	MESSAGE_MAX = 2048, /* of a message is looked at */
	PIECE_LEN = 8,      /* of a secret betrays it */
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many bytes of the text's beginning stand in the secret; fewer than a piece count as
 * none. A secret that is shorter is no real one (TikTok's tokens have 40 letters), and would
 * take its letters out of any word. */
static size_t betrayed(struct str text, const struct secret *secret)
{
	size_t len = PIECE_LEN;

	if (secret->len < len || text.len < len ||
	    !memmem(secret->bytes, secret->len, text.p, len))
		return 0;
	while (len < text.len && memmem(secret->bytes, secret->len, text.p, len + 1))
		len++;
	return len;
}

/* TikTok's words may repeat what they were sent, and perhaps only a part of it. */
static void hide(struct buf *text, const struct secret *secret)
{
	for (size_t i = 0; i < text->len;) {
		size_t len = betrayed(str_make(text->p + i, text->len - i), secret);

		memset(text->p + i, '*', len);
		i += len ? len : 1;
	}
}

static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n\"'<>(),;", c) != NULL;
}

/* Nor is a customer's address to stay in a log. */
static void hide_addresses(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		size_t from = i, to = i;

		if (text->p[i] != '@')
			continue;
		while (from > 0 && !ends_word(text->p[from - 1]))
			from--;
		while (to < text->len && !ends_word(text->p[to]))
			to++;
		memset(text->p + from, '*', to - from);
		i = to;
	}
}

static void copy_member(const struct json *j, struct str key, char *out, size_t cap,
			const struct answer_secrets *secrets)
{
	uint32_t at = json_find(j, 0, key);
	struct buf text;

	if (at == JSON_NONE || j->t[at].type != TOKEN_STRING)
		return;
	buf_init(&text, 64 * 1024);
	json_unescape(j, at, &text);
	text.len = least(text.len, MESSAGE_MAX);
	for (size_t i = 0; i < ANSWER_SECRETS; i++)
		if (secrets->sent[i])
			hide(&text, secrets->sent[i]);
	hide_addresses(&text);
	glyph_copy(out, cap, buf_str(&text));
	buf_fini(&text);
}

/* Two of them, of which one may say no, say nothing. */
static bool code_of(const struct json *j, int64_t *code)
{
	uint32_t at = json_find_sole(j, 0, STR("code"));
	struct str digits;
	char text[24];

	if (at == JSON_NONE || j->t[at].type != TOKEN_NUMBER ||
	    j->t[at].flags & TOKEN_REAL)
		return false;
	digits = json_bytes(j, at);
	if (digits.len >= sizeof(text))
		return false;
	memcpy(text, digits.p, digits.len);
	text[digits.len] = '\0';
	*code = strtoll(text, NULL, 10);
	return true;
}

void answer_parse(struct answer *a, struct str body, const struct answer_secrets *secrets)
{
	struct json j;

	a->has_code = false;
	json_init(&j);
	if (json_scan(&j, body) == JSON_OK && j.t[0].type == TOKEN_OBJECT) {
		a->has_code = code_of(&j, &a->code);
		copy_member(&j, STR("message"), a->message, sizeof(a->message), secrets);
		copy_member(&j, STR("request_id"), a->request_id, sizeof(a->request_id),
			    secrets);
	}
	json_fini(&j);
}
