/* SPDX-License-Identifier: MIT
 * macro.h - what a template leaves where nobody has filled it in: {{user.id}}, ${id}, {id},
 * %id%, %%ID%%, @@ID@@, [id], <id>, __ID__, *|ID|*, $user_id.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_MACRO_H
#define CORE_MACRO_H

#include "base/str.h"

/* A variable's name: nothing but letters and '_'. */
static inline bool is_variable(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_letter(p[i]) && p[i] != '_')
			return false;
	return true;
}

static inline bool is_macro(struct str s)
{
	char last;

	if (s.len < 3)
		return false;
	last = s.p[s.len - 1];
	switch (s.p[0]) {
	case '{': return last == '}';
	case '[': return last == ']';
	case '<': return last == '>';
	case '%': return last == '%';
	case '$':
		return (s.p[1] == '{' && last == '}') || is_variable(s.p + 1, s.len - 1);
	case '#': return s.p[1] == '{' && last == '}';
	case '*': return s.p[1] == '|' && last == '*';
	case '@': return s.p[1] == '@' && last == '@';
	case '_': return s.p[1] == '_' && last == '_';
	default: return false;
	}
}

#endif
