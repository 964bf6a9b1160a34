/* SPDX-License-Identifier: MIT
 * log.h - one event, one line on stderr: logfmt or JSON, with fixed keys. Never a body, a
 * token or a person. In systemd's journal each has its priority.
 *
 * Owns:    a non-blocking duplicate of stderr; a full pipe drops lines and counts them.
 * Thread:  any; a line is one write(2).
 * Errors:  none reach the caller. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_form { LOG_LOGFMT, LOG_JSON };
enum log_level {
	LOG_ERROR = 3,
	LOG_WARN = 4,
	LOG_NOTICE = 5,
	LOG_INFO = 6
}; /* syslog's */

/* Once, before threads. */
void log_open(enum log_form form);

/* Whether stderr is systemd's journal. */
bool log_is_journal(void);

/* `event` is a constant word; the rest are key, printf-format pairs built by the caller
 * with log_field. Lines of one `event` are limited to LOG_PER_SECOND; what was dropped is
 * counted in the next line's `dropped`. */
struct log_line {
	enum log_level level;
	char text[1024];
	unsigned len, head; /* head: the priority before the fields */
	bool muted;
};

#define LOG_PER_SECOND 10

struct log_line log_begin(enum log_level level, const char *event);
void log_field(struct log_line *line, const char *key, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void log_end(struct log_line *line);

#endif
