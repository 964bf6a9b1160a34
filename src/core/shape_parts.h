/* SPDX-License-Identifier: MIT
 * shape_parts.h - how the parts of an item are written, one behind the other.
 *
 * Every member is written with a comma behind it; closing an object takes the last comma
 * back, and takes the whole object back where nothing is in it.
 *
 * Owns:    nothing.
 * Thread:  as core/shape.h.
 * Errors:  as core/shape.h. */
#ifndef CORE_SHAPE_PARTS_H
#define CORE_SHAPE_PARTS_H

#include "core/json_string.h"
#include "core/shaper.h"

void shape_user(struct shaper *sh);
enum reason shape_page(struct shaper *sh);
enum reason shape_app(struct shaper *sh);
enum reason shape_lead(struct shaper *sh);
void shape_ad(struct shaper *sh);
enum reason shape_properties(struct shaper *sh);
/* A property of the producer's own, without what is empty or personal in it. */
void shape_custom(struct shaper *sh, uint32_t key);

/* Appends the ttclid in the query of the event's page, or of `url` where the event has
 * no page. */
bool shape_url_ttclid(struct shaper *sh, struct str url, struct buf *out);

/* `label` is the name with its quotes and colon, here and below. */
#define LABEL(name) STR("\"" name "\":")

static inline void put(struct buf *b, struct str s)
{
	buf_adds(b, s);
}

/* Returns where the object began, for put_close. */
static inline size_t put_open(struct buf *b, struct str label)
{
	size_t start = b->len;

	put(b, label);
	put(b, STR("{"));
	return start;
}

/* False where the object was empty and is gone. */
bool put_close(struct buf *b, size_t start, char bracket);
/* A member of unescaped text; nothing where it is blank, or no JSON can say it: not all of it
 * comes out of the payload, which was looked at. */
void put_text(struct buf *b, struct str label, struct str text);
/* A string spliced from the payload; false and nothing where it is absent, blank or of another
 * type. A number is the text it is written with: ids, and a product that is called 1984. */
bool put_string_at(struct shaper *sh, struct str label, uint32_t at);

/* The same for an id that the shop makes, unless it tells who somebody is. */
bool put_given_id(struct shaper *sh, struct str label, uint32_t at);
static inline bool put_id(struct shaper *sh, struct str label, uint32_t at)
{
	return at != JSON_NONE && put_given_id(sh, label, at);
}

/* The same without the blanks around it, which a form or a file has left. */
bool put_trimmed_id(struct shaper *sh, struct str label, uint32_t at);
static inline bool put_bare_id(struct shaper *sh, struct str label, uint32_t at)
{
	if (at == JSON_NONE)
		return false;
	return json_may_be_padded(sh->j, at) ? put_trimmed_id(sh, label, at)
					     : put_given_id(sh, label, at);
}

/* The same for what people wrote, unless it tells who, or a hash is in its place. */
void put_free_text(struct shaper *sh, struct str label, uint32_t at);
/* As it is written, without quotes; nothing where it is absent, blank or false; bad_value where
 * it is no number or negative. A count with a fraction is nothing, too. */
enum reason put_amount_at(struct shaper *sh, struct str label, uint32_t at);
enum reason put_count_at(struct shaper *sh, struct str label, uint32_t at);

#endif
