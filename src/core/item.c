/* SPDX-License-Identifier: MIT */
#include "core/item.h"

static const struct {
	enum field field;
	const char *name, *other;
} others[] = {
	/* GA4's, Facebook's and a list of products', Segment's. */
	{FIELD_CONTENT_ID, "content_id", "item_id"},
	{FIELD_CONTENT_ID, "content_id", "id"},
	{FIELD_CONTENT_ID, "content_id", "sku"},
	{FIELD_CONTENT_ID, "content_id", "product_id"},
	/* GA4's. */
	{FIELD_CONTENT_NAME, "content_name", "item_name"},
	{FIELD_CONTENT_CATEGORY, "content_category", "item_category"},
	{FIELD_BRAND, "brand", "item_brand"},
};
enum { OTHERS = sizeof(others) / sizeof(others[0]) };

bool item_says(const struct json *j, uint32_t at)
{
	return at != JSON_NONE &&
	       (j->t[at].type == TOKEN_STRING || j->t[at].type == TOKEN_NUMBER) &&
	       str_trim(json_bytes(j, at)).len > 0;
}

uint32_t item_other(const struct json *j, uint32_t item, enum field field)
{
	for (size_t i = 0; i < OTHERS; i++) {
		uint32_t at = others[i].field == field
				      ? json_find(j, item, str_of(others[i].other))
				      : JSON_NONE;

		if (item_says(j, at))
			return at;
	}
	return JSON_NONE;
}

bool item_other_is_sent(const struct json *j, uint32_t item, uint32_t at)
{
	for (size_t i = 0; i < OTHERS; i++)
		if (json_find(j, item, str_of(others[i].other)) == at)
			return item_other(j, item, others[i].field) == at &&
			       !item_says(j, json_find(j, item, str_of(others[i].name)));
	return false;
}
