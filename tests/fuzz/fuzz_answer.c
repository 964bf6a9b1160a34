/* SPDX-License-Identifier: MIT
 * Any bytes as TikTok's answer: what is kept of it is one printable line without a piece of
 * what was sent in secret, and its code is the one that jansson reads. */
#include <string.h>

#include <jansson.h>

#include "check.h"
#include "core/answer.h"
#include "core/verdict.h"

enum { PIECE = 8, EVENTS = 1000 };

static const char token[] = "0123456789abcdef-SECRET-token-fedcba";

static void is_a_line(const char *text, size_t room)
{
	size_t len = strnlen(text, room);

	CHECK(len < room);
	for (size_t i = 0; i < len; i++)
		CHECK((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

static void keeps_no_piece(const char *text)
{
	for (size_t i = 0; i + PIECE < sizeof(token); i++)
		CHECK(!memmem(text, strlen(text), token + i, PIECE));
}

static bool has_twins(struct str body)
{
	json_error_t error;
	json_t *sole = json_loadb(body.p, body.len, JSON_REJECT_DUPLICATES, &error);

	json_decref(sole);
	return sole == NULL;
}

/* Of two codes none counts, nor one that is written "c\u006fde". */
static void agrees(const struct answer *a, struct str body)
{
	json_error_t error;
	json_t *all = json_loadb(body.p, body.len, 0, &error);
	json_t *code = json_object_get(all, "code");

	if (memchr(body.p, '\0', body.len)) /* jansson skips one behind a number */
		CHECK(!a->has_code);
	else if (a->has_code && all) {
		CHECK(json_is_integer(code));
		CHECK(json_integer_value(code) == a->code);
	} else if (all && json_is_integer(code))
		CHECK(body.len > 0 &&
		      (memchr(body.p, '\\', body.len) || has_twins(body)));
	json_decref(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct secret secret;
	struct answer_secrets secrets = {.sent = {&secret}};
	struct answer a = {.transport = TRANSPORT_ANSWERED};
	struct str body;
	int named;

	if (len < 2)
		return 0;
	memcpy(secret.bytes, token, sizeof(token) - 1);
	secret.len = sizeof(token) - 1;
	a.http_status = 100 + (bytes[0] << 8 | bytes[1]) % 500;
	body = str_make((const char *)bytes + 2, len - 2);
	answer_parse(&a, body, &secrets);
	is_a_line(a.message, sizeof(a.message));
	is_a_line(a.request_id, sizeof(a.request_id));
	keeps_no_piece(a.message);
	keeps_no_piece(a.request_id);
	agrees(&a, body);
	CHECK(verdict_word(verdict_of(&a))[0]);
	if (verdict_of(&a) == VERDICT_DELIVERED)
		CHECK(a.http_status / 100 == 2 && a.has_code);
	named = verdict_named(str_of(a.message), EVENTS);
	CHECK(named >= -1 && named < EVENTS);
	named = verdict_named(body, 1);
	CHECK(named >= -1 && named < 1);
	return 0;
}
