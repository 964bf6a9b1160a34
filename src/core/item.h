/* SPDX-License-Identifier: MIT
 * item.h - a product of properties.contents, as shops name what is in it.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_ITEM_H
#define CORE_ITEM_H

#include "core/json.h"

/* Whether the id at `at` is there, and more than blanks. */
bool item_id_says(const struct json *j, uint32_t at);

/* The value of the first of item_id, id, sku and product_id that says something: what stands
 * for content_id in an item without one. JSON_NONE where there is none. */
uint32_t item_other_id(const struct json *j, uint32_t item);

#endif
