/* SPDX-License-Identifier: MIT */
#include "core/finer_picture.h"

#include "core/email_scan.h"
#include "core/percent.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The suffix of a picture's file, which is no top-level domain. */
static bool is_picture(const char *suffix)
{
	static const char *const known[] = {"avif", "gif", "heic", "ico", "jpeg",
					    "jpg",  "png", "svg",  "webp"};

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(suffix, known[i]) == 0)
			return true;
	return false;
}

bool is_finer_picture(struct str domain)
{
	char label[6] = "";
	size_t len = 0, digits = 0;
	bool finer = false;

	while (domain.len > 0) {
		char c = ascii_lower(percent_next(&domain));

		if (!finer) {
			finer = c == 'x' && digits > 0;
			digits += ascii_is_digit(c);
			if (!finer && !ascii_is_digit(c) && (c != '.' || digits == 0))
				return false;
			continue;
		}
		if (c == '.' || c == '-') {
			len = 0;
		} else if (ascii_is_digit(c) || email_is_letter(c)) {
			if (len < sizeof(label) - 1)
				label[len] = c;
			len++;
		} else {
			break;
		}
	}
	if (len >= sizeof(label))
		return false;
	label[len] = '\0';
	return finer && is_picture(label);
}
