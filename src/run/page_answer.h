/* SPDX-License-Identifier: MIT
 * page_answer.h - the admin page as the answer to an errand, also behind a change.
 *
 * Owns:    nothing.
 * Thread:  the console's worker.
 * Errors:  a database that cannot be read is shown on the page.
 * See:     run/page.h, run/overview.h. */
#ifndef RUN_PAGE_ANSWER_H
#define RUN_PAGE_ANSWER_H

#include "run/errand.h"

void page_answer(struct errand *errand);

/* A sentence where a browser is not asking, else the page with the sentence on it. */
void page_answer_change(struct errand *errand);

#endif
