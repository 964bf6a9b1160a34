/* SPDX-License-Identifier: MIT
 * item.h - a product of properties.contents, as shops name what is in it.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_ITEM_H
#define CORE_ITEM_H

#include "core/field.h"
#include "core/json.h"

/* Whether the value at `at` is there, a text or a number of more than blanks. */
bool item_says(const struct json *j, uint32_t at);

/* The value that stands for `field` in an item without one, under the names that others give
 * it: content_id is item_id, id, sku or product_id, the first that says something; content_name,
 * content_category and brand are item_name, item_category and item_brand. JSON_NONE where there
 * is none. */
uint32_t item_other(const struct json *j, uint32_t item, enum field field);

/* Whether the value at `at`, a member of an item, is sent for a field that the item lacks. */
bool item_other_is_sent(const struct json *j, uint32_t item, uint32_t at);

#endif
