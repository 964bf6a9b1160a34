/* SPDX-License-Identifier: MIT
 * event_id.h - the name of a conversion: the producer's, or one made from its content.
 *
 * Owns:    nothing; the name is borrowed from the row or from the scratch.
 * Thread:  as the scratch.
 * Errors:  none.
 * See:     RFC 8785 (JCS), whose form the content is hashed in. */
#ifndef CORE_EVENT_ID_H
#define CORE_EVENT_ID_H

#include "core/conversion.h"
#include "core/digest.h"

/* "g1_" and 32 hex digits. */
#define EVENT_ID_DERIVED_LEN 35

/* properties.order_id without blanks around it; empty where there is none, or what stands for none
 * ("undefined", 0): one of many orders it would make. Valid until the scratch's text is used again. */
struct str event_id_order(const struct conversion *c, struct scratch *s);

/* Whether a row keeps the id that it is known by: what that was derived of may have been redacted
 * since. One that was refused may have been mended, and its id is derived anew where that can be
 * told: the right content may come once more, in a row of its own. As redact_needed, of the
 * conversion that the scratch read last. */
bool event_id_is_kept(const struct conversion *c, struct scratch *s);

/* Valid until the scratch reads the next conversion. */
void event_id_of(const struct conversion *c, struct digest *dg, struct scratch *s,
		 struct str *out);

#endif
