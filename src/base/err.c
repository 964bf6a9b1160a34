/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list args;

	e->code = code;
	va_start(args, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, args);
	va_end(args);
	return code;
}

enum err_code err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof(e->msg)];
	va_list args;
	size_t used;

	memcpy(inner, e->msg, sizeof(inner));
	va_start(args, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, args);
	va_end(args);
	used = strlen(e->msg);
	snprintf(e->msg + used, sizeof(e->msg) - used, ": %s", inner);
	return e->code;
}

const char *err_name(enum err_code code)
{
	static const char *const names[] = {
#define X(name, status, what) #name,
		ERR_CODES(X)
#undef X
	};

	return (size_t)code < sizeof(names) / sizeof(names[0]) ? names[code] : "?";
}

int err_exit_status(enum err_code code)
{
	static const unsigned char statuses[] = {
#define X(name, status, what) status,
		ERR_CODES(X)
#undef X
	};

	return (size_t)code < sizeof(statuses) ? statuses[code] : 70;
}
