/* SPDX-License-Identifier: MIT */
#include "core/item.h"
#include "core/json_id.h"
#include "core/json_list.h"
#include "core/nobody.h"
#include "core/redact_text.h"
#include "core/seen.h"
#include "core/shape_parts.h"

/* The name of a member, escapes in it resolved. */
static struct str name_of(struct shaper *sh, uint32_t key)
{
	if (!(sh->j->t[key].flags & TOKEN_ESCAPED))
		return json_bytes(sh->j, key);
	buf_clear(&sh->s->text);
	json_unescape(sh->j, key, &sh->s->text);
	return buf_str(&sh->s->text);
}

/* Notes the last of each key from `at` on, so that the ones before it are left out. */
static void note_keys(struct shaper *sh, uint32_t at, uint32_t end)
{
	const struct json *j = sh->j;

	seen_begin(&sh->s->order, (end - at) / 2);
	for (; at < end; at = j->t[at + 1].next)
		*seen_place(&sh->s->order, j, at) = at;
}

static enum reason put_custom(struct shaper *sh, uint32_t key)
{
	if (*seen_place(&sh->s->order, sh->j, key) != key ||
	    sh->j->t[key].flags & TOKEN_EMPTY)
		return REASON_NONE;
	if (sh->j->t[key + 1].flags & TOKEN_HUGE)
		return bad_value(sh, key + 1);
	shape_custom(sh, key);
	return REASON_NONE;
}

static enum reason put_currency(struct shaper *sh, uint32_t at)
{
	struct str text = str_trim(conversion_id(sh->c, at, &sh->s->text));
	char code[3];

	if (text.len == 0)
		return REASON_NONE;
	if (text.len != sizeof(code))
		return bad_value(sh, at);
	for (size_t i = 0; i < sizeof(code); i++) {
		code[i] = ascii_upper(text.p[i]);
		if (code[i] < 'A' || code[i] > 'Z')
			return bad_value(sh, at);
	}
	put_text(sh->out, LABEL("currency"), str_make(code, sizeof(code)));
	return REASON_NONE;
}

/* What others call content_name and the like, in the places that are empty. Apart, as it is for
 * items with a name that is not TikTok's. */
static __attribute__((noinline)) void find_others(struct shaper *sh, uint32_t item,
						  uint32_t *at)
{
	static const enum field texts[] = {FIELD_CONTENT_NAME, FIELD_CONTENT_CATEGORY,
					   FIELD_BRAND};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!item_says(sh->j, at[texts[i]]))
			at[texts[i]] = item_other(sh->j, item, texts[i]);
}

static enum reason put_item(struct shaper *sh, uint32_t item)
{
	const struct json *j = sh->j;
	uint32_t at[FIELD_COUNT];
	size_t start = sh->out->len;
	enum reason reason;

	if (j->t[item].type != TOKEN_OBJECT)
		return REASON_NONE;
	/* An item's fields are the last. */
	memset(at + FIELD_CONTENT_ID, 0, sizeof(at) - FIELD_CONTENT_ID * sizeof(at[0]));
	at[FIELD_NONE] = JSON_NONE;
	for (uint32_t key = item + 1; key < j->t[item].next; key = j->t[key + 1].next)
		at[field_of(FIELD_CONTENTS, name_of(sh, key))] = key + 1;
	if (at[FIELD_NONE] != JSON_NONE)
		find_others(sh, item, at);
	put(sh->out, STR("{"));
	if (!put_id(sh, LABEL("content_id"), at[FIELD_CONTENT_ID]) &&
	    at[FIELD_NONE] != JSON_NONE)
		put_id(sh, LABEL("content_id"), item_other(j, item, FIELD_CONTENT_ID));
	put_free_text(sh, LABEL("content_name"), at[FIELD_CONTENT_NAME]);
	put_free_text(sh, LABEL("content_category"), at[FIELD_CONTENT_CATEGORY]);
	put_free_text(sh, LABEL("brand"), at[FIELD_BRAND]);
	reason = put_amount_at(sh, LABEL("price"), at[FIELD_PRICE]);
	if (reason == REASON_NONE)
		reason = put_count_at(sh, LABEL("quantity"), at[FIELD_QUANTITY]);
	put_close(sh->out, start, '}');
	return reason;
}

/* A list of items; one item alone is a list of one. */
static inline enum reason put_items(struct shaper *sh, uint32_t at)
{
	const struct json *j = sh->j;
	size_t start = sh->out->len;
	enum reason reason = REASON_NONE;

	put(sh->out, LABEL("contents"));
	put(sh->out, STR("["));
	if (json_is_list(j, at))
		for (uint32_t item = json_list_first(j, at);
		     reason == REASON_NONE && item < j->t[at].next;
		     item = json_list_next(j, at, item))
			reason = put_item(sh, item);
	else
		reason = put_item(sh, at);
	put_close(sh->out, start, ']');
	return reason;
}

/* A list as the text of itself, as forms, plugins and data layers hand it on: `inside` is to shape
 * what the text says, as long as `c` is there. False where it is no JSON. */
static bool look_inside(struct shaper *sh, uint32_t at, struct conversion *c,
			struct shaper *inside)
{
	buf_clear(&sh->s->canon);
	json_unescape(sh->j, at, &sh->s->canon);
	if (json_scan(&sh->s->inner, buf_str(&sh->s->canon)) != JSON_OK)
		return false;
	*c = (struct conversion){.json = &sh->s->inner};
	*inside = *sh;
	inside->c = c;
	inside->j = c->json;
	return true;
}

/* Apart, as hardly any row has one. */
static __attribute__((noinline)) enum reason put_items_in_text(struct shaper *sh,
							       uint32_t at)
{
	struct conversion c;
	struct shaper inside;
	enum reason reason = REASON_NONE;

	if (look_inside(sh, at, &c, &inside))
		reason = put_items(&inside, 0);
	/* Who tells why knows the payload's own members only. */
	return reason == REASON_BAD_VALUE ? bad_value(sh, at) : reason;
}

static enum reason put_contents(struct shaper *sh, uint32_t at)
{
	return sh->j->t[at].type == TOKEN_STRING ? put_items_in_text(sh, at)
						 : put_items(sh, at);
}

static void put_id_list(struct shaper *sh, uint32_t at)
{
	const struct json *j = sh->j;
	/* Numbers under numbers are how many of each. */
	bool list = json_is_list(j, at) &&
		    (j->t[at].type == TOKEN_ARRAY || j->t[at + 2].type == TOKEN_STRING);
	size_t start = sh->out->len;

	put(sh->out, LABEL("content_ids"));
	put(sh->out, STR("["));
	seen_begin(&sh->s->more, j->t[at].next - at);
	for (uint32_t item = list ? json_list_first(j, at) : at; item < j->t[at].next;
	     item = json_list_next(j, at, item)) {
		uint32_t *place = seen_place(&sh->s->more, j, item);

		if (*place == JSON_NONE)
			put_id(sh, STR(""), item);
		*place = item;
	}
	put_close(sh->out, start, ']');
}

/* Apart, as above. */
static __attribute__((noinline)) void put_ids_in_text(struct shaper *sh, uint32_t at)
{
	struct conversion c;
	struct shaper inside;

	if (look_inside(sh, at, &c, &inside) && json_is_list(inside.j, 0))
		put_id_list(&inside, 0);
	else
		put_id_list(sh, at);
}

static void put_content_ids(struct shaper *sh, uint32_t at)
{
	if (sh->j->t[at].type == TOKEN_STRING)
		put_ids_in_text(sh, at);
	else
		put_id_list(sh, at);
}

/* "Product Group", "product-group", "PRODUCTS" */
static bool is_content_type(struct str text, const char *word)
{
	size_t n = 0, len = strlen(word);

	if (text.len > 0 && ascii_lower(text.p[text.len - 1]) == 's')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		if (n > 0 && strchr(" _-", text.p[i]))
			continue;
		if (n == len || ascii_lower(text.p[i]) != word[n++])
			return false;
	}
	return n == len;
}

/* TikTok's two words in any spelling; another goes as it is, for TikTok to judge. */
static void put_content_type(struct shaper *sh, uint32_t at)
{
	struct str text = str_trim(conversion_text(sh->c, at, &sh->s->text));

	if (is_content_type(text, "product"))
		put(sh->out, STR("\"content_type\":\"product\","));
	else if (is_content_type(text, "productgroup"))
		put(sh->out, STR("\"content_type\":\"product_group\","));
	else
		put_id(sh, LABEL("content_type"), at);
}

/* Of web and app events only. */
static void put_customer_type(struct shaper *sh, uint32_t at)
{
	struct str text = str_trim(conversion_text(sh->c, at, &sh->s->text));

	if (sh->d->source != SOURCE_WEB && sh->d->source != SOURCE_APP)
		return;
	if (str_ieq(text, STR("new")))
		put(sh->out, STR("\"customer_type\":\"new\","));
	if (str_ieq(text, STR("returning")))
		put(sh->out, STR("\"customer_type\":\"returning\","));
}

/* One that stands for none would make one order of many at TikTok, too. */
static void put_order_id(struct shaper *sh, uint32_t at)
{
	if (at != JSON_NONE && !stands_for_no_order(json_id(sh->j, at, &sh->s->text)))
		put_given_id(sh, LABEL("order_id"), at);
}

static enum reason put_known(struct shaper *sh, enum field field, uint32_t at)
{
	switch (field) {
	case FIELD_VALUE: return put_amount_at(sh, LABEL("value"), at);
	case FIELD_CURRENCY: return put_currency(sh, at);
	case FIELD_NUM_ITEMS: return put_count_at(sh, LABEL("num_items"), at);
	case FIELD_CONTENTS: return put_contents(sh, at);
	case FIELD_CONTENT_IDS: put_content_ids(sh, at); break;
	case FIELD_ORDER_ID: put_order_id(sh, at); break;
	case FIELD_SHOP_ID: put_id(sh, LABEL("shop_id"), at); break;
	case FIELD_CONTENT_TYPE: put_content_type(sh, at); break;
	case FIELD_SEARCH_STRING: put_free_text(sh, LABEL("search_string"), at); break;
	case FIELD_DESCRIPTION: put_free_text(sh, LABEL("description"), at); break;
	case FIELD_CUSTOMER_TYPE: put_customer_type(sh, at); break;
	default: break;
	}
	return REASON_NONE;
}

static enum reason put_members(struct shaper *sh, uint32_t object, bool *value,
			       bool *currency)
{
	const struct json *j = sh->j;
	uint32_t end = j->t[object].next;
	enum reason reason = REASON_NONE;
	bool noted = false;

	for (uint32_t key = object + 1; key < end && reason == REASON_NONE;
	     key = j->t[key + 1].next) {
		enum field field = field_of(FIELD_PROPERTIES, name_of(sh, key));
		size_t start = sh->out->len;

		if (field != FIELD_NONE) {
			if (sh->c->at[field] == key + 1)
				reason = put_known(sh, field, key + 1);
			*value |= field == FIELD_VALUE && sh->out->len > start;
			*currency |= field == FIELD_CURRENCY && sh->out->len > start;
			continue;
		}
		if (!noted)
			note_keys(sh, key, end);
		noted = true;
		reason = put_custom(sh, key);
	}
	return reason;
}

enum reason shape_properties(struct shaper *sh)
{
	uint32_t object = sh->c->at[FIELD_PROPERTIES];
	size_t start = put_open(sh->out, LABEL("properties"));
	bool value = false, currency = false;
	enum reason reason = REASON_NONE;

	if (object != JSON_NONE && sh->j->t[object].type == TOKEN_OBJECT)
		reason = put_members(sh, object, &value, &currency);
	if (reason == REASON_NONE && value && !currency)
		reason = REASON_MISSING_CURRENCY;
	put_close(sh->out, start, '}');
	return reason;
}
