/* SPDX-License-Identifier: MIT
 * html.h - any bytes as text of an HTML page: they can end neither a text nor an attribute,
 * and what is no UTF-8, or a control character, is shown as U+FFFD.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_HTML_H
#define CORE_HTML_H

#include "base/buf.h"

/* Appends text; of more than `max` code points the first ones and an ellipsis. */
void html_add(struct buf *out, struct str text);
void html_add_cut(struct buf *out, struct str text, size_t max);

/* Appends 1234567 as "1,234,567". */
void html_add_count(struct buf *out, int64_t count);

#endif
