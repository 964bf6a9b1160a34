/* SPDX-License-Identifier: MIT
 * query.h - the parameters of a page's address, in one reading for all who look for one: '&' and
 * ';' part them ("&amp;", as a page's source has it, is both), and so does a second '?', which
 * templates put before theirs. Behind the beginning of another address, "from=https://x.de/?a=1",
 * all but a '&' is that address's.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/url.h, what of them may leave. */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include "base/find_any.h"
#include "base/str.h"

/* Behind the first '?', a fragment with it; empty where there is none. */
static inline struct str query_of(struct str url)
{
	const char *end, *at;

	if (url.len == 0)
		return STR_NONE;
	end = url.p + url.len;
	at = find_any(url.p, end, "?#", false);
	if (at == end || *at++ == '#')
		return STR_NONE;
	return str_make(at, (size_t)(end - at));
}

/* The next parameter, which may be empty; false at the end, which a fragment is too. */
static inline bool query_next(struct str *query, struct str *param)
{
	const char *end, *stop;

	if (query->len == 0)
		return false;
	end = query->p + query->len;
	stop = find_any(query->p, end, "&;?#", false);
	if (stop < end && (*stop == ';' || *stop == '?') &&
	    memmem(query->p, (size_t)(stop - query->p), "://", 3))
		stop = find_any(stop, end, "&#", false);
	*param = str_make(query->p, (size_t)(stop - query->p));
	if (stop < end && *stop++ == '#')
		stop = end;
	*query = str_make(stop, (size_t)(end - stop));
	return true;
}

/* What `param` says, where it is called `name` (of lower-case letters; in any case here), and says
 * something. */
static inline bool query_value(struct str param, struct str name, struct str *value)
{
	unsigned differs = 0;

	if (param.len <= name.len + 1 || param.p[name.len] != '=')
		return false;
	for (size_t i = 0; i < name.len; i++)
		differs |= (unsigned char)((param.p[i] | 0x20) ^ name.p[i]);
	*value = str_make(param.p + name.len + 1, param.len - name.len - 1);
	return !differs;
}

#endif
