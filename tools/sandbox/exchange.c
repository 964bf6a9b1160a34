/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define ANSWER_MAX ((size_t)8 << 20)

/* As TikTok's: UTC to the second and 20 hex digits. */
static void make_request_id(char *out, size_t room, int64_t now_ms)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm utc;
	size_t len;

	gmtime_r(&seconds, &utc);
	len = strftime(out, room, "%Y%m%d%H%M%S", &utc);
	snprintf(out + len, room - len, "%016llX%04X", (unsigned long long)clock_random(),
		 (unsigned)clock_random() & 0xffffU);
}

/* Header text and cut messages may not be UTF-8; the answer and the ledger must be. */
static void copy_ascii(char *to, size_t room, const char *text)
{
	snprintf(to, room, "%s", text);
	for (; *to; to++)
		if ((unsigned char)*to >= 0x80)
			*to = '?';
}

struct exchange *exchange_new(const char *method, const char *path)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	x->at_ms = clock_wall_ms();
	copy_ascii(x->method, sizeof(x->method), method);
	copy_ascii(x->path, sizeof(x->path), path);
	make_request_id(x->request_id, sizeof(x->request_id), x->at_ms);
	buf_init(&x->body, BODY_MAX);
	buf_init(&x->answer, ANSWER_MAX);
	buf_init(&x->location, 4096);
	return x;
}

void exchange_set_headers(struct exchange *x, const char *token, const char *content_type)
{
	copy_ascii(x->token, sizeof(x->token), token ? token : "");
	copy_ascii(x->content_type, sizeof(x->content_type),
		   content_type ? content_type : "");
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	json_decref(x->root);
	buf_fini(&x->body);
	buf_fini(&x->answer);
	buf_fini(&x->location);
	free(x);
}

void exchange_answer_data(struct exchange *x, int status, int code, const char *message,
			  struct str data)
{
	x->status = status;
	x->has_code = true;
	x->code = code;
	copy_ascii(x->message, sizeof(x->message), message);
	x->answer_type = "application/json";
	buf_clear(&x->answer);
	buf_addf(&x->answer, "{\"code\":%d,\"message\":\"", code);
	buf_add_json(&x->answer, str_of(x->message));
	buf_addf(&x->answer, "\",\"request_id\":\"%s\",\"data\":", x->request_id);
	buf_adds(&x->answer, data);
	buf_addc(&x->answer, '}');
}

void exchange_answer(struct exchange *x, int status, int code, const char *message)
{
	exchange_answer_data(x, status, code, message, STR("{}"));
}

void exchange_answer_text(struct exchange *x, int status, const char *type,
			  const char *text)
{
	x->status = status;
	x->has_code = false;
	copy_ascii(x->message, sizeof(x->message), text);
	x->answer_type = type;
	buf_clear(&x->answer);
	buf_adds(&x->answer, str_of(text));
}

const char *exchange_text(const struct exchange *x, const char *member)
{
	return json_string_value(json_object_get(x->root, member));
}

size_t exchange_event_count(const struct exchange *x)
{
	return json_array_size(json_object_get(x->root, "data"));
}
