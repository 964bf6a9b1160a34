/* SPDX-License-Identifier: MIT
 * shape.h - one item of TikTok's data[]: the payload's own bytes, put in place.
 *
 * Owns:    nothing.
 * Thread:  as scratch and digest.
 * Errors:  a conversion that cannot be sent has a reason: missing_page_url, bad_value,
 *          missing_currency, missing_app_id or missing_lead_id.
 * See:     shape_user.c, shape_context.c and shape_properties.c, a part of the item
 *          each. */
#ifndef CORE_SHAPE_H
#define CORE_SHAPE_H

#include "core/decide.h"
#include "core/digest.h"

/* Identifiers of one kind in one event. */
#define SHAPE_IDS_MAX 32
#define TTCLID_MAX 1000

/* Appends exactly one JSON object; nothing on a reason, and nothing where `out` has no
 * room for it (out->full tells). `e` may be NULL; event_id is UTF-8 without NUL. */
enum reason shape(const struct conversion *c, const struct decision *dec,
		  const struct destination_rules *d, const struct enrichment *e,
		  struct str event_id, struct digest *dg, struct scratch *s,
		  struct buf *out);

#endif
