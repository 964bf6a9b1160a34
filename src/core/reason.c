/* SPDX-License-Identifier: MIT */
#include "core/reason.h"

static const struct {
	int number;
	const char *word;
} statuses[] =
	{
#define X(name, number, word) {number, word},
		STATUSES(X)
#undef X
},
  reasons[] = {
#define X(name, status, number, word) {REASON_##name, word},
	  REASONS(X)
#undef X
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *status_word(enum status status)
{
	for (size_t i = 0; i < COUNT(statuses); i++)
		if (statuses[i].number == (int)status)
			return statuses[i].word;
	return "?";
}

const char *reason_word(enum reason reason)
{
	if (reason == REASON_NONE)
		return "";
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].number == (int)reason)
			return reasons[i].word;
	return "?";
}

bool status_of_word(struct str word, enum status *out)
{
	for (size_t i = 0; i < COUNT(statuses); i++) {
		if (str_eq(word, str_of(statuses[i].word))) {
			*out = (enum status)statuses[i].number;
			return true;
		}
	}
	return false;
}

bool reason_of_word(struct str word, enum reason *out)
{
	for (size_t i = 0; i < COUNT(reasons); i++) {
		if (str_eq(word, str_of(reasons[i].word))) {
			*out = (enum reason)reasons[i].number;
			return true;
		}
	}
	return false;
}
