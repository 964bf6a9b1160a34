/* SPDX-License-Identifier: MIT
 * nobody.h - an id or a name that stands for nobody: sent, it would make one person of many.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/identity.h, the words. */
#ifndef CORE_NOBODY_H
#define CORE_NOBODY_H

#include "base/str.h"
#include "core/field.h"
#include "core/identity.h"
#include "core/macro.h"
#include "core/nobody_hash.h"

/* 0, -1 and a UUID of zeros are a guest's. */
static inline bool is_zero_id(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] != '0' && text.p[i] != '-')
			return str_eq(text, STR("-1"));
	return true;
}

/* What forms and templates leave ("undefined", "{{uid}}"), hashed too. Another number may be somebody's. */
static inline bool stands_for_nobody(struct str text)
{
	if (text.len == 0)
		return false;
	if (text.len >= HASH_MIN_LEN && whose_hash(str_trim(text)) == HASH_OF_NOBODY)
		return true;
	if (ascii_is_digit(text.p[text.len - 1])) /* as most ids do */
		return text.p[0] <= '0' && is_zero_id(str_trim(text));
	text = str_trim(text);
	return text.len > 0 &&
	       (ascii_is_digit(text.p[text.len - 1]) ? is_zero_id(text)
						     : is_placeholder_word(text));
}

/* The same of an order: a GUID in braces is one, and so is what else has a digit between a template's
 * signs, as no name of a variable in one has. */
static inline bool stands_for_no_order(struct str text)
{
	text = str_trim(text);
	if (text.len == 0 || !stands_for_nobody(text))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_digit(text.p[i]) && is_macro(text))
			return false;
	return true;
}

/* The same of what is in a person's name or address (FIELD_FIRST_NAME to FIELD_ZIP_CODE): fewer
 * words, as people and places have the others for names. */
bool names_nobody(enum field field, struct str text);

#endif
