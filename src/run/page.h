/* SPDX-License-Identifier: MIT
 * page.h - the admin page: HTML of what an overview and the loop's vitals hold. No asset from
 * anywhere; whole without its script.
 *
 * Owns:    nothing.
 * Thread:  any; pure.
 * Errors:  a page that does not fit sets the buffer's `full`.
 * See:     run/page_parts.h; run/page/ for style and script. */
#ifndef RUN_PAGE_H
#define RUN_PAGE_H

#include "run/overview.h"
#include "run/vitals.h"

#define PAGE_TYPE "text/html; charset=utf-8"

/* Made by tools/embed_page. */
extern const char page_style[], page_script[], page_policy[];

struct page_view {
	const struct overview *overview;
	const struct vitals *vitals;
	const char *unreadable; /* why the database cannot be read; NULL: it can */
	const char *notice;     /* what a change has done; "": nothing was asked for */
	bool notice_bad;
	bool tcp;         /* reading needs the token: it goes along in every form */
	struct str token; /* what a form brought, to be handed on; "": none */
	int64_t database_bytes, wal_bytes, free_bytes;
};

void page_render(const struct page_view *p, struct buf *out);

/* Asks for the token; `wrong`: there was another. */
void page_sign_in(bool wrong, struct buf *out);

#endif
