/* SPDX-License-Identifier: MIT
 * failure.h - the words for a request that was not taken: the destination's last error, the log.
 *
 * Owns:    nothing.
 * Thread:  the loop's.
 * Errors:  none.
 * See:     run/shipment.c, who asks when a request has ended and the destination was judged. */
#ifndef RUN_FAILURE_H
#define RUN_FAILURE_H

#include "core/verdict.h"
#include "net/http.h"
#include "run/site.h"
#include "store/lot.h"

/* What is wrong, in the answer's message too where TikTok has said nothing. A refused event is
 * the row's trouble, not the destination's, as long as it is TikTok who refuses. */
void failure_note(struct site *s, struct http_request *request, enum verdict v,
		  uint64_t started_ms);

void failure_log(const struct site *s, const struct http_request *request,
		 const struct opening *opening, enum verdict v);

#endif
