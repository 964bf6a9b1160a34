/* SPDX-License-Identifier: MIT */
#include "net/oauth_reply.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"

/* Fills `out` with a member of the object; whether it is there and fits. */
static bool copy_member(const struct json *j, uint32_t object, struct str name, char *out,
			size_t cap)
{
	uint32_t at = json_find(j, object, name);
	struct buf text;
	bool fits;

	out[0] = '\0';
	if (at == JSON_NONE || j->t[at].type == TOKEN_NULL)
		return false;
	buf_init(&text, cap - 1);
	if (!buf_reserve(&text, cap - 1))
		abort();
	json_unescape(j, at, &text);
	fits = !text.full && text.len > 0;
	if (fits) {
		memcpy(out, text.p, text.len);
		out[text.len] = '\0';
	}
	OPENSSL_cleanse(text.p, text.cap);
	buf_fini(&text);
	return fits;
}

static bool copy_secret(const struct json *j, uint32_t object, struct str name,
			struct secret *out)
{
	char text[SECRET_MAX];
	bool there = copy_member(j, object, name, text, sizeof(text));

	out->len = there ? strlen(text) : 0;
	memcpy(out->bytes, text, out->len);
	OPENSSL_cleanse(text, sizeof(text));
	return there;
}

/* A header takes no control characters and no spaces. */
static bool is_token(const struct secret *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->bytes[i] <= 0x20 || s->bytes[i] >= 0x7f)
			return false;
	return s->len > 0;
}

static int64_t number_member(const struct json *j, uint32_t object, struct str name)
{
	char text[24];

	return copy_member(j, object, name, text, sizeof(text)) ? strtoll(text, NULL, 10)
								: 0;
}

/* ["7000",7001] as "7000,7001"; what does not fit is left out. */
static void copy_ids(const struct json *j, uint32_t array, char *out, size_t cap)
{
	struct buf ids;

	out[0] = '\0';
	if (array == JSON_NONE || j->t[array].type != TOKEN_ARRAY)
		return;
	buf_init(&ids, cap - 1);
	for (uint32_t at = array + 1; at < j->t[array].next; at = j->t[at].next) {
		struct str id = json_bytes(j, at);

		if (ids.len + id.len + 1 >= cap)
			break;
		if (ids.len)
			buf_addc(&ids, ',');
		buf_adds(&ids, id);
	}
	snprintf(out, cap, "%s", buf_z(&ids));
	buf_fini(&ids);
}

/* The object `data`; JSON_NONE where there is none. */
static uint32_t scan(struct json *j, struct str reply)
{
	uint32_t data;

	json_init(j);
	if (json_scan(j, reply) != JSON_OK || j->t[0].type != TOKEN_OBJECT)
		return JSON_NONE;
	data = json_find(j, 0, STR("data"));
	return data != JSON_NONE && j->t[data].type == TOKEN_OBJECT ? data : JSON_NONE;
}

bool oauth_read_grant(struct str reply, struct oauth_grant *out)
{
	struct json j;
	uint32_t data = scan(&j, reply);
	bool ok = false;

	memset(out, 0, sizeof(*out));
	if (data != JSON_NONE) {
		ok = copy_secret(&j, data, STR("access_token"), &out->token) &&
		     is_token(&out->token);
		copy_secret(&j, data, STR("refresh_token"), &out->refresh_token);
		out->expires_in_s = number_member(&j, data, STR("expires_in"));
		copy_ids(&j, json_find(&j, data, STR("advertiser_ids")), out->advertisers,
			 sizeof(out->advertisers));
	}
	json_fini(&j);
	if (!ok)
		oauth_grant_fini(out);
	return ok;
}

void oauth_grant_fini(struct oauth_grant *g)
{
	OPENSSL_cleanse(g, sizeof(*g));
}

bool oauth_read_info(struct str reply, struct oauth_info *out)
{
	struct json j;
	uint32_t data = scan(&j, reply), list = JSON_NONE;
	bool ok = false;

	*out = (struct oauth_info){"", ""};
	if (data != JSON_NONE)
		list = json_find(&j, data, STR("list"));
	if (list != JSON_NONE && j.t[list].type == TOKEN_ARRAY &&
	    j.t[list].next > list + 1 && j.t[list + 1].type == TOKEN_OBJECT) {
		copy_member(&j, list + 1, STR("currency"), out->currency,
			    sizeof(out->currency));
		ok = copy_member(&j, list + 1, STR("timezone"), out->timezone,
				 sizeof(out->timezone));
	}
	json_fini(&j);
	return ok;
}

static int read_items(struct str reply, struct str list_name, struct str id,
		      struct str name, struct oauth_item *out, int cap)
{
	struct json j;
	uint32_t data = scan(&j, reply), list = JSON_NONE;
	int count = 0;

	if (data != JSON_NONE)
		list = json_find(&j, data, list_name);
	if (list != JSON_NONE && j.t[list].type == TOKEN_ARRAY)
		for (uint32_t at = list + 1; at < j.t[list].next; at = j.t[at].next) {
			struct oauth_item item;

			if (j.t[at].type != TOKEN_OBJECT ||
			    !copy_member(&j, at, id, item.id, sizeof(item.id)))
				continue;
			copy_member(&j, at, name, item.name, sizeof(item.name));
			if (count < cap)
				out[count] = item;
			count++;
		}
	json_fini(&j);
	return count;
}

int oauth_read_pages(struct str reply)
{
	struct json j;
	uint32_t data = scan(&j, reply), info = JSON_NONE;
	int64_t pages = 0;

	if (data != JSON_NONE)
		info = json_find(&j, data, STR("page_info"));
	if (info != JSON_NONE && j.t[info].type == TOKEN_OBJECT)
		pages = number_member(&j, info, STR("total_page"));
	json_fini(&j);
	return pages > 0 && pages < 100000 ? (int)pages : 0;
}

int oauth_read_advertisers(struct str reply, struct oauth_item *out, int cap)
{
	return read_items(reply, STR("list"), STR("advertiser_id"),
			  STR("advertiser_name"), out, cap);
}

int oauth_read_pixels(struct str reply, struct oauth_item *out, int cap)
{
	return read_items(reply, STR("pixels"), STR("pixel_code"), STR("pixel_name"), out,
			  cap);
}
