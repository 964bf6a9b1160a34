/* SPDX-License-Identifier: MIT
 * form_field.h - does a form's field ask for who somebody is?
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/redact_key.h, who asks. */
#ifndef CORE_FORM_FIELD_H
#define CORE_FORM_FIELD_H

#include "base/str.h"

/* From what is taken for a person's with the least ease to what with the most. */
enum form_field {
	FORM_OTHER,
	FORM_AMBIGUOUS, /* a name, a birthday: products have them, too */
	FORM_TEXT,      /* what is said in words: an address, a first name */
	FORM_PHONE,     /* in digits */
};

/* By the whole of what the field is called, in any case and with any marks between its words: "First
 * name", "first_name". Products have titles and ids, so that no part of it counts ("Phone case",
 * "IP15"), nor do words that are much else (Pass, Mobile, Token). */
enum form_field form_field_of(struct str name);

#endif
