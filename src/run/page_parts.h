/* SPDX-License-Identifier: MIT
 * page_parts.h - the sections of the admin page, and how it writes numbers and times.
 *
 * Owns:    nothing.
 * Thread:  any; pure.
 * Errors:  none.
 * See:     run/page.c, which puts them together. */
#ifndef RUN_PAGE_PARTS_H
#define RUN_PAGE_PARTS_H

#include "core/html.h"
#include "run/page.h"

/* Markup of ours, as it stands. */
void page_put(struct buf *out, const char *html);
/* Text, its commands as they are typed here (base/typed.h). */
void page_words(struct buf *out, struct str words);

/* "1,234,567", as markup. */
void page_count(struct buf *out, int64_t count);

/* "38 s", "5 min", "3 h", "2 days" */
void page_age(struct buf *out, int64_t seconds);
/* "74 kB" */
void page_bytes(struct buf *out, int64_t bytes);
/* Up to how long: "50 ms", "2.5 s"; -1: "more" */
void page_bound(struct buf *out, int64_t ms);

/* A view's time in the page's zone: "14:05", with the day unless it is today. */
void page_time(struct buf *out, const struct overview *o, struct str utc);
/* "14:05" and the like, of a moment. */
void page_clock(struct buf *out, int64_t unix_s, int32_t offset_s);

/* What leads to an event's story: a button of the search form. */
void page_event(struct buf *out, struct str event_id);

/* A bar that fills `share` (0..1) of its place, from `from` on. */
void page_bar(struct buf *out, double from, double share, const char *kind);

void page_story(const struct page_view *p, struct buf *out);
void page_hours(const struct page_view *p, struct buf *out);
void page_funnel(const struct page_view *p, struct buf *out);
void page_sites(const struct page_view *p, struct buf *out);
void page_problems(const struct page_view *p, struct buf *out);

#endif
