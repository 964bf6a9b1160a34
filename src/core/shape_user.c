/* SPDX-License-Identifier: MIT */
#include "core/country.h"
#include "core/identifier.h"
#include "core/json_id.h"
#include "core/json_list.h"
#include "core/nobody.h"
#include "core/normalize.h"
#include "core/real_text.h"
#include "core/redact_text.h"
#include "core/sha256_hex.h"
#include "core/shape_parts.h"
#include "core/touch.h"

/* What one kind of identifier comes to, each once. */
struct ids {
	char hex[SHAPE_IDS_MAX][DIGEST_HEX_LEN];
	size_t count;
};

static bool normalize(struct shaper *sh, enum field field, struct str plain,
		      struct buf *out)
{
	char own[3];

	switch (field) {
	case FIELD_EMAIL: return normalize_email(plain, out);
	case FIELD_PHONE: {
		const char *country = identifier_country(sh->c, sh->d->default_country,
							 &sh->s->more, own);

		buf_clear(out); /* identifier_country may have used it */
		return normalize_phone(plain, country, out);
	}
	case FIELD_EXTERNAL_ID: return normalize_external_id(plain, out);
	case FIELD_FIRST_NAME:
	case FIELD_LAST_NAME:
		return !names_nobody(field, plain) && normalize_name(plain, out);
	case FIELD_ZIP_CODE:
		return !names_nobody(field, plain) && normalize_zip(plain, out);
	case FIELD_CITY:
	case FIELD_STATE:
		return !names_nobody(field, plain) && normalize_place(plain, out);
	case FIELD_COUNTRY: return normalize_country(plain, out);
	case FIELD_IP: return normalize_ip(plain, out);
	case FIELD_LOCALE: return normalize_locale(plain, out);
	case FIELD_IDFA: return normalize_idfa(plain, out);
	case FIELD_GAID: return normalize_gaid(plain, out);
	default: return false;
	}
}

/* A word for nobody may be somebody's name. */
static bool is_hash_of_none(enum field field, struct str hex)
{
	switch (field) {
	case FIELD_FIRST_NAME:
	case FIELD_LAST_NAME:
	case FIELD_ZIP_CODE: return is_hash_of_nothing(hex);
	default: return whose_hash(hex) == HASH_OF_NOBODY;
	}
}

/* The hash of the normalised value, or the hash that it is already. */
static bool hash_value(struct shaper *sh, enum field field, struct str plain,
		       char out[DIGEST_HEX_LEN])
{
	plain = str_trim(plain);
	if (is_sha256_hex(plain)) {
		sha256_hex_lower(plain.p, out);
		return !is_hash_of_none(field, plain);
	}
	if (field == FIELD_EXTERNAL_ID)
		plain = real_text_whole(plain);
	buf_clear(&sh->s->more);
	if (plain.len == 0 || (field == FIELD_EXTERNAL_ID && stands_for_nobody(plain)) ||
	    !normalize(sh, field, plain, &sh->s->more))
		return false;
	digest_hex(sh->dg, buf_str(&sh->s->more), out);
	return true;
}

/* The one that was just written behind the others, unless it is there. */
static void count_id(struct ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		if (memcmp(ids->hex[i], ids->hex[ids->count], DIGEST_HEX_LEN) == 0)
			return;
	ids->count++;
}

static void add_id(struct shaper *sh, enum field field, struct str plain, struct ids *ids)
{
	if (ids->count < SHAPE_IDS_MAX &&
	    hash_value(sh, field, plain, ids->hex[ids->count]))
		count_id(ids);
}

static const unsigned char *known_digest(const struct known_digests *known, uint32_t at)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->at[i] == at)
			return known->digest[i];
	return NULL;
}

static void add_id_at(struct shaper *sh, enum field field, uint32_t at, struct ids *ids)
{
	const unsigned char *known = known_digest(&sh->s->known, at);

	if (!known) {
		add_id(sh, field, conversion_id(sh->c, at, &sh->s->text), ids);
	} else if (ids->count < SHAPE_IDS_MAX) {
		digest_hex_of(known, DIGEST_LEN, ids->hex[ids->count]);
		count_id(ids);
	}
}

/* Apart, as most rows have one of each. */
static __attribute__((noinline)) void add_listed_ids(struct shaper *sh, enum field field,
						     struct ids *ids)
{
	const struct json *j = sh->j;
	uint32_t at = sh->c->at[field];

	if (json_is_list(j, at))
		for (uint32_t item = json_list_first(j, at); item < j->t[at].next;
		     item = json_list_next(j, at, item))
			add_id_at(sh, field, item, ids);
}

/* The payload's own, one or a list of them. */
static inline void add_own_ids(struct shaper *sh, enum field field, struct ids *ids)
{
	uint32_t at = sh->c->at[field];

	if (at == JSON_NONE)
		return;
	if (sh->j->t[at].type > TOKEN_ARRAY)
		add_id_at(sh, field, at, ids);
	else
		add_listed_ids(sh, field, ids);
}

static void put_ids(struct buf *b, struct str label, const struct ids *ids)
{
	if (ids->count == 0)
		return;
	put(b, label);
	put(b, ids->count > 1 ? STR("[\"") : STR("\""));
	for (size_t i = 0; i < ids->count; i++) {
		if (i > 0)
			put(b, STR("\",\""));
		put(b, str_make(ids->hex[i], DIGEST_HEX_LEN));
	}
	put(b, ids->count > 1 ? STR("\"],") : STR("\","));
}

static void put_identifier(struct shaper *sh, struct str label, enum field field,
			   const struct str *others, size_t count)
{
	struct ids ids;

	ids.count = 0;
	add_own_ids(sh, field, &ids);
	for (size_t i = 0; i < count; i++)
		if (others[i].len > 0)
			add_id(sh, field, others[i], &ids);
	put_ids(sh->out, label, &ids);
}

static void put_hashed(struct shaper *sh, struct str label, enum field field)
{
	if (sh->c->at[field] != JSON_NONE)
		put_identifier(sh, label, field, NULL, 0);
}

/* A value that is normalised and not hashed; `other` where the payload's is none. */
static void put_normalized(struct shaper *sh, struct str label, enum field field,
			   struct str other)
{
	uint32_t at = sh->c->at[field];
	struct buf *out = &sh->s->more;
	struct str own;

	if (at == JSON_NONE && other.len == 0)
		return;
	own = conversion_id(sh->c, at, &sh->s->text);
	/* A hash of a place is none: what a redacted payload holds. */
	if (is_sha256_hex(str_trim(own)) ||
	    (own.len > 0 && json_has_sign(sh->j, at) && tells_who(own)))
		own = STR_NONE;
	buf_clear(out);
	if ((own.len > 0 && normalize(sh, field, own, out)) ||
	    (other.len > 0 && normalize(sh, field, other, out)))
		put_text(sh->out, label, buf_str(out));
}

/* Device ids may come hashed. */
static void put_device_id(struct shaper *sh, struct str label, enum field field)
{
	struct str own = conversion_text(sh->c, sh->c->at[field], &sh->s->text);

	own = str_trim(own);
	if (is_sha256_hex(own))
		put_hashed(sh, label, field);
	else if (!stands_for_nobody(own))
		put_normalized(sh, label, field, STR_NONE);
}

/* As it would be sent: 0.0 is sent as "0". What a browser says of itself is longer than any word,
 * an id of zeros and most templates. */
static inline bool is_nobodys(struct shaper *sh, enum field field, uint32_t at)
{
	const struct json_token *t = &sh->j->t[at];

	return (field != FIELD_USER_AGENT || t->end - t->start < 48) &&
	       stands_for_nobody(json_id(sh->j, at, &sh->s->text));
}

/* A value as it is, the session's where the payload has none; neither where it tells who, or stands
 * for nobody. */
static void put_raw(struct shaper *sh, struct str label, enum field field,
		    struct str other)
{
	uint32_t at = sh->c->at[field];

	if (at != JSON_NONE && !is_nobodys(sh, field, at) && put_bare_id(sh, label, at))
		return;
	if (other.len > 0 && !stands_for_nobody(other) && !tells_who(other))
		put_text(sh->out, label, str_trim(other));
}

static bool ttclid_fits(struct str ttclid)
{
	return ttclid.len <= TTCLID_MAX && !click_id_is_placeholder(ttclid);
}

/* Whole or not at all: a part of a click id is none. */
static void put_ttclid(struct shaper *sh)
{
	struct str found = conversion_text(sh->c, sh->c->at[FIELD_TTCLID], &sh->s->text);

	found = str_trim(found);
	buf_clear(&sh->s->more);
	if (!ttclid_fits(found)) {
		struct str page = sh->e->ttclid.len ? STR_NONE : sh->e->page_url;

		/* The page's URL may need the same room. */
		found = STR_NONE;
		if (shape_url_ttclid(sh, page, &sh->s->more))
			found = buf_str(&sh->s->more);
		if (found.len == 0 || found.len > TTCLID_MAX) {
			found = str_trim(sh->e->ttclid);
			if (!ttclid_fits(found))
				return;
		}
	}
	if (!tells_who(found))
		put_text(sh->out, LABEL("ttclid"), found);
}

static void put_att_status(struct shaper *sh)
{
	static const char *const known[] = {"AUTHORIZED", "DENIED", "NOT_DETERMINED",
					    "RESTRICTED", "NOT_APPLICABLE"};
	struct str text =
		conversion_text(sh->c, sh->c->at[FIELD_ATT_STATUS], &sh->s->text);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_ieq(str_trim(text), str_of(known[i])))
			put_text(sh->out, LABEL("att_status"), str_of(known[i]));
}

static void put_person(struct shaper *sh)
{
	enum event_source source = sh->d->source;

	put_identifier(sh, LABEL("email"), FIELD_EMAIL, sh->e->emails, ENRICHMENT_IDS);
	put_identifier(sh, LABEL("phone"), FIELD_PHONE, sh->e->phones, ENRICHMENT_IDS);
	if (source == SOURCE_WEB || source == SOURCE_CRM)
		put_identifier(sh, LABEL("external_id"), FIELD_EXTERNAL_ID,
			       &sh->e->external_id, 1);
	if (source == SOURCE_WEB) {
		put_hashed(sh, LABEL("first_name"), FIELD_FIRST_NAME);
		put_hashed(sh, LABEL("last_name"), FIELD_LAST_NAME);
		put_hashed(sh, LABEL("zip_code"), FIELD_ZIP_CODE);
		put_normalized(sh, LABEL("city"), FIELD_CITY, STR_NONE);
		put_normalized(sh, LABEL("state"), FIELD_STATE, STR_NONE);
		put_normalized(sh, LABEL("country"), FIELD_COUNTRY, STR_NONE);
	}
	if (source == SOURCE_APP) {
		put_device_id(sh, LABEL("idfa"), FIELD_IDFA);
		put_raw(sh, LABEL("idfv"), FIELD_IDFV, STR_NONE);
		put_device_id(sh, LABEL("gaid"), FIELD_GAID);
	}
}

void shape_user(struct shaper *sh)
{
	bool web = sh->d->source == SOURCE_WEB, app = sh->d->source == SOURCE_APP;
	bool pii = sh->dec->pii && sh->d->pii_hashed;
	size_t start = put_open(sh->out, LABEL("user"));

	if (pii)
		put_person(sh);
	if (web)
		put_ttclid(sh);
	if (web && pii)
		put_raw(sh, LABEL("ttp"), FIELD_TTP, sh->e->ttp);
	if ((web || app) && pii) {
		put_normalized(sh, LABEL("ip"), FIELD_IP, sh->e->ip);
		put_raw(sh, LABEL("user_agent"), FIELD_USER_AGENT, sh->e->user_agent);
	}
	if (web || app)
		put_normalized(sh, LABEL("locale"), FIELD_LOCALE, STR_NONE);
	if (app)
		put_att_status(sh);
	put_close(sh->out, start, '}');
}
