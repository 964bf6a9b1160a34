/* SPDX-License-Identifier: MIT */
#include "core/identifier.h"

#include <stdio.h>

#include "core/country.h"
#include "core/json_list.h"
#include "core/normalize.h"
#include "core/real_text.h"
#include "core/sha256_hex.h"

/* Of a value that is trimmed, 4711.0 as 4711: nothing else is done to an external_id. */
static bool normalize(enum identity_kind kind, struct str value,
		      const struct identifier_reader *r)
{
	switch (kind) {
	case IDENTITY_EMAIL: return normalize_email(value, r->normal);
	case IDENTITY_PHONE: return normalize_phone(value, r->country, r->normal);
	case IDENTITY_DEVICE: return normalize_gaid(value, r->normal);
	case IDENTITY_EXTERNAL_ID:
		if (value.len > NORMALIZE_IN_MAX)
			return false;
		break;
	case IDENTITY_TTP:
	case IDENTITY_SESSION:
	case IDENTITY_KIND_END: break;
	}
	buf_adds(r->normal, value);
	return !r->normal->full;
}

/* The first eight bytes, the highest first: written out, one instruction. */
static uint64_t number_of(const unsigned char d[DIGEST_LEN])
{
	return (uint64_t)d[0] << 56 | (uint64_t)d[1] << 48 | (uint64_t)d[2] << 40 |
	       (uint64_t)d[3] << 32 | (uint64_t)d[4] << 24 | (uint64_t)d[5] << 16 |
	       (uint64_t)d[6] << 8 | d[7];
}

static bool read(enum identity_kind kind, struct str value,
		 const struct identifier_reader *r, struct identifier *out,
		 bool *placeholder)
{
	value = real_text_whole(str_trim(value));
	if (value.len == 0)
		return false;
	*placeholder = identity_is_placeholder(kind, value);
	if (kind <= IDENTITY_PHONE && is_sha256_hex(value)) {
		sha256_hex_bytes(value.p, out->digest);
	} else {
		buf_clear(r->normal);
		if (!normalize(kind, value, r))
			return false;
		if (kind == IDENTITY_PHONE && !*placeholder)
			*placeholder = identity_is_placeholder(kind, buf_str(r->normal));
		digest_raw(r->digest, buf_str(r->normal), out->digest);
	}
	out->node = (number_of(out->digest) & ~UINT64_C(7)) | kind;
	return true;
}

void identifiers_add(struct identifiers *ids, enum identity_kind kind, struct str value,
		     const struct identifier_reader *r)
{
	bool placeholder;

	if (ids->count == IDENTIFIERS_MAX || value.len == 0 ||
	    !read(kind, value, r, &ids->id[ids->count], &placeholder))
		return;
	if (placeholder) {
		if (ids->placeholders < PLACEHOLDERS_MAX)
			ids->placeholder[ids->placeholders++] = ids->id[ids->count].node;
		return;
	}
	for (size_t i = 0; i < ids->count; i++)
		if (ids->id[i].node == ids->id[ids->count].node)
			return;
	ids->count++;
}

static const struct {
	enum identity_kind kind;
	enum field field;
} sources[] = {
	{IDENTITY_EXTERNAL_ID, FIELD_EXTERNAL_ID},
	{IDENTITY_EMAIL, FIELD_EMAIL},
	{IDENTITY_PHONE, FIELD_PHONE},
	{IDENTITY_DEVICE, FIELD_IDFA},
	{IDENTITY_DEVICE, FIELD_IDFV},
	{IDENTITY_DEVICE, FIELD_GAID},
	{IDENTITY_TTP, FIELD_TTP},
	{IDENTITY_SESSION, FIELD_SESSION_ID},
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

size_t conversion_identifiers(const struct conversion *c)
{
	size_t found = 0;

	for (size_t i = 0; i < SOURCES; i++) {
		uint32_t at = c->at[sources[i].field];

		if (at != JSON_NONE)
			found += c->json->t[at].type <= TOKEN_ARRAY ? 2 : 1;
	}
	return found;
}

/* A phone without '+' is another number in another country. */
static void note_digest(struct known_digests *known, enum identity_kind kind, uint32_t at,
			struct str value, const struct identifier *id)
{
	if (kind > IDENTITY_PHONE || known->count == KNOWN_DIGESTS ||
	    (kind == IDENTITY_PHONE && *str_trim(value).p != '+'))
		return;
	known->at[known->count] = at;
	memcpy(known->digest[known->count++], id->digest, DIGEST_LEN);
}

/* A consent row tells no country: whoever wrote the same digits there is to be found. */
static void add_at_home(struct identifiers *ids, struct str value,
			const struct identifier_reader *home)
{
	struct identifiers read;

	identifiers_clear(&read);
	identifiers_add(&read, IDENTITY_PHONE, value, home);
	if (read.count == 0 || ids->at_homes == PLACEHOLDERS_MAX)
		return;
	for (size_t i = 0; i < ids->count; i++)
		if (ids->id[i].node == read.id[0].node)
			return;
	ids->at_home[ids->at_homes++] = read.id[0].node;
}

/* home: NULL where a phone is read there. */
static void add_at(struct identifiers *ids, enum identity_kind kind,
		   const struct conversion *c, uint32_t at,
		   const struct identifier_reader *r,
		   const struct identifier_reader *home)
{
	struct str value = conversion_id(c, at, r->text);
	size_t before = ids->count;

	identifiers_add(ids, kind, value, r);
	if (r->known && ids->count > before)
		note_digest(r->known, kind, at, value, &ids->id[before]);
	if (home && kind == IDENTITY_PHONE)
		add_at_home(ids, value, home);
}

const char *identifier_country(const struct conversion *c, const char *otherwise,
			       struct buf *tmp, char own[3])
{
	return country_of_phones(conversion_text(c, c->at[FIELD_COUNTRY], tmp), otherwise,
				 own);
}

void identifiers_of_conversion(const struct conversion *c,
			       const struct identifier_reader *r, struct identifiers *ids)
{
	struct identifier_reader local = *r;
	const struct identifier_reader *home = NULL;
	char own[3];

	local.country = identifier_country(c, r->country, r->text, own);
	if (local.country != r->country && strcmp(local.country, r->country) != 0)
		home = r;
	identifiers_clear(ids);
	for (size_t i = 0; i < SOURCES; i++) {
		uint32_t at = c->at[sources[i].field];

		if (at == JSON_NONE)
			continue;
		if (!json_is_list(c->json, at)) {
			add_at(ids, sources[i].kind, c, at, &local, home);
			continue;
		}
		for (uint32_t item = json_list_first(c->json, at);
		     item < c->json->t[at].next; item = json_list_next(c->json, at, item))
			add_at(ids, sources[i].kind, c, item, &local, home);
	}
}

void identifier_text(uint64_t node, char out[IDENTIFIER_TEXT])
{
	snprintf(out, IDENTIFIER_TEXT, "%s %08x",
		 identity_kind_word(identifier_kind(node)), (unsigned)(node >> 32));
}

bool identifiers_name_person(const struct identifiers *ids)
{
	return ids->count > 0 && identifier_kind(ids->id[0].node) == IDENTITY_EXTERNAL_ID;
}
