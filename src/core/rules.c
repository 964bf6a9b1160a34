/* SPDX-License-Identifier: MIT */
#include "core/rules.h"

static const char *const words[] = {
	[SOURCE_WEB] = "web",
	[SOURCE_APP] = "app",
	[SOURCE_OFFLINE] = "offline",
	[SOURCE_CRM] = "crm",
};

const char *source_word(enum event_source source)
{
	return source >= SOURCE_WEB && source <= SOURCE_CRM ? words[source] : "?";
}

bool source_of_word(struct str word, enum event_source *out)
{
	for (enum event_source s = SOURCE_WEB; s <= SOURCE_CRM; s++) {
		if (str_eq(word, str_of(words[s]))) {
			*out = s;
			return true;
		}
	}
	return false;
}
