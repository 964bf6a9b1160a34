/* SPDX-License-Identifier: MIT
 * site_log.h - what the log says of a destination: whether it sends, and what somebody did to it.
 *
 * Owns:    nothing.
 * Thread:  the loop's.
 * Errors:  none.
 * See:     reload.c, who calls this. */
#ifndef RUN_SITE_LOG_H
#define RUN_SITE_LOG_H

#include "run/site_state.h"

/* Its state, where that is another than was said. */
void site_log(struct site *s);

/* Whoever starts a relay learns what it will not send, also where that is nothing new. */
void site_log_start(struct site *s);

/* What somebody has done while the relay runs: paused it, resumed it, removed it. */
void site_log_deed(struct site *s);

#endif
