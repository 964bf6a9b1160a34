/* SPDX-License-Identifier: MIT
 * redact_key.h - by which name a value of the producer's goes.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/redact_text.h, what becomes of the value. */
#ifndef CORE_REDACT_KEY_H
#define CORE_REDACT_KEY_H

#include "core/form_field.h"
#include "core/json.h"
#include "core/personal.h"

/* A name of the producer's, in a buffer of such names: where it is and how long. */
struct redact_key {
	size_t at, len;
};

/* The end of a name that is longer than any that is known will do. */
#define REDACT_NAME_MAX (4 * PERSONAL_NAME_MAX)

/* What a name says of a value: nothing, that digits are a phone's, or that it is a person's. */
enum redact_rank { REDACT_OTHER, REDACT_PHONE, REDACT_PERSONAL };

/* What a member beside says; a copy, as names of the producer's come and go. */
struct redact_name {
	enum redact_rank rank;
	size_t len; /* 0: nothing says it */
	char text[REDACT_NAME_MAX];
};

/* An object while its members are walked: what each "value" in it is called is looked for once,
 * since there may be as many of them as fit into a payload. */
struct redact_object {
	uint32_t at;
	bool looked;
	bool of_field;         /* "field" is an object, as Typeform's answers have it */
	bool of_product;       /* an option of one, among others or at a price */
	enum form_field asked; /* where it is a form's field */
	struct redact_name value, answer;
};

/* The name is filled in by the first "value"; most objects have none. */
static inline void redact_object_init(struct redact_object *o, uint32_t at)
{
	o->at = at;
	o->looked = false;
}

/* Appends the name of the member at `at` of `object` (NULL: none that counts). A product has a
 * name too, and a shop a city: these are called after the member that they are in, whose name
 * is `parent`. What ends in "value", the "values" (of a product's option only by a phone's name) and
 * an "answer" are called as the first of "name", "key", "field", "label", "question", "field_name",
 * "column_id" and "display_key" beside them says, or a later one of a higher rank; an answer by a
 * "title" and a "ref", too. Where one of these, or an "id", is
 * exactly what forms call a person's data (core/form_field.h), all are called "phone" or
 * "full_name". */
struct redact_key redact_key_of(const struct json *j, struct redact_object *object,
				struct redact_key parent, uint32_t at, struct buf *keys);

#endif
