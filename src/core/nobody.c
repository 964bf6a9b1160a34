/* SPDX-License-Identifier: MIT */
#include "core/nobody.h"

#include "core/macro.h"

/* What no person, city or state is called in any spelling. Null and None are surnames and
 * villages, Nan is a city and NA Naples: as programs write them they are neither. */
static bool is_no_name(struct str text)
{
	switch (text.p[0]) {
	case 'n':
	case 'N':
		return str_eq(text, STR("null")) || str_eq(text, STR("NaN")) ||
		       str_ieq(text, STR("n/a")) || str_ieq(text, STR("not set")) ||
		       str_ieq(text, STR("not provided")) ||
		       str_ieq(text, STR("not_provided"));
	case 'u':
	case 'U': return str_ieq(text, STR("undefined")) || str_ieq(text, STR("unknown"));
	case '(':
		return str_ieq(text, STR("(null)")) || str_ieq(text, STR("(none)")) ||
		       str_ieq(text, STR("(not set)"));
	case '.':
	case '?': return text.len == 1;
	default: return is_zero_id(text) || is_macro(text);
	}
}

bool names_nobody(enum field field, struct str text)
{
	text = str_trim(text);
	if (text.len == 0 || is_no_name(text))
		return true;
	if (field == FIELD_STATE)
		return stands_for_nobody(text) && !str_ieq(text, STR("na")) &&
		       !str_ieq(text, STR("nan"));
	return field == FIELD_ZIP_CODE && stands_for_nobody(text);
}
