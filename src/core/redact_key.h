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

/* An object while its members are walked: what each "value" in it is called is looked for once,
 * since there may be as many of them as fit into a payload. */
struct redact_object {
	uint32_t at;
	bool looked;
	bool of_field;         /* "field" is an object, as Typeform's answers have it */
	enum form_field asked; /* where it is a form's field */
	size_t len;            /* 0: nothing says it */
	char name[REDACT_NAME_MAX];
};

/* The name is filled in by the first "value"; most objects have none. */
static inline void redact_object_init(struct redact_object *o, uint32_t at)
{
	o->at = at;
	o->looked = false;
}

/* Appends the name of the member at `at` of `object` (NULL: none that counts). A product has a
 * name too, and a shop a city: these are called after the member that they are in, whose name
 * is `parent`; a "value" as the "name", "key", "field" or "label" beside it says. A "value", the
 * "values" or an "answer" of a form's field that asks for a person's data (core/form_field.h) is
 * called "phone" or "full_name": the field by a "title", a "question", a "ref" or an "id", too. */
struct redact_key redact_key_of(const struct json *j, struct redact_object *object,
				struct redact_key parent, uint32_t at, struct buf *keys);

#endif
