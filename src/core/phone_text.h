/* SPDX-License-Identifier: MIT
 * phone_text.h - where in a text a telephone number is, before the library reads it.
 *
 * Owns:    nothing but its strings.
 * Thread:  any.
 * Errors:  none; an empty number where there is none.
 * See:     core/phone_number.cc, the only one to call it. */
#ifndef CORE_PHONE_TEXT_H
#define CORE_PHONE_TEXT_H

#include <cstddef>
#include <string>

/* What a text's number is found in, and beside. */
struct phone_text {
	std::string number;
	size_t figure =
		0;        /* digits of the longest figure in front that was passed over */
	bool cut = false; /* a letter ended it */
	bool joined = false; /* by nothing but blanks, '.' and ')' to that letter */
	bool unit = false;   /* the letter begins a figure's unit: 24h, 17 Uhr */
};

/* The first run of digits and marks that is long enough for a number. */
void phone_text_find(const std::string &text, struct phone_text *f);

#endif
