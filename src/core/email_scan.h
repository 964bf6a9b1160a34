/* SPDX-License-Identifier: MIT
 * email_scan.h - an e-mail address, told while its bytes go by.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_EMAIL_SCAN_H
#define CORE_EMAIL_SCAN_H

#include <stdint.h>

#include "base/str.h"

/* All zero: nothing has gone by. */
struct email_scan {
	bool local;  /* the last byte may end a local part */
	bool domain; /* behind an '@' that had a local part */
	bool dot;    /* a label of the domain is complete */
	size_t label, letters;
};

static inline bool email_is_letter(char c)
{
	return ascii_is_letter(c) || (unsigned char)c >= 0x80;
}

/* What may stand right before the '@'. */
static inline bool email_is_local(char c)
{
	return email_is_letter(c) || ascii_is_digit(c) ||
	       (c != '\0' && strchr("._%+-'!#$*^`{|}~\"", c));
}

/* True as soon as there is no doubt. */
static inline bool email_scan_byte(struct email_scan *s, char c)
{
	if (c == '@') {
		*s = (struct email_scan){.domain = s->local};
		return false;
	}
	s->local = email_is_local(c);
	if (!s->domain)
		return false;
	if (c == '.' && s->label > 0) {
		s->dot = true;
		s->label = s->letters = 0;
		return false;
	}
	s->domain = email_is_letter(c) || ascii_is_digit(c) || c == '-';
	s->label++;
	s->letters += email_is_letter(c);
	return s->domain && s->dot && s->letters >= 2 && s->letters == s->label;
}

#endif
