/* SPDX-License-Identifier: MIT */
#include "core/event_id.h"

#include "core/canonical.h"
#include "core/decimal.h"
#include "core/nobody.h"
#include "core/redact.h"
#include "core/sha256_hex.h"

/* 1001, 1001.0 and "1001" are one order. */
static struct str order_text(const struct conversion *c, struct scratch *s)
{
	uint32_t at = c->at[FIELD_ORDER_ID];
	struct decimal number;

	if (at == JSON_NONE || !(c->json->t[at].flags & TOKEN_REAL) ||
	    !decimal_read(json_bytes(c->json, at), &number))
		return conversion_id(c, at, &s->text);
	buf_clear(&s->text);
	decimal_print(&number, &s->text);
	return buf_str(&s->text);
}

struct str event_id_order(const struct conversion *c, struct scratch *s)
{
	struct str order = str_trim(order_text(c, s));

	return stands_for_no_order(order) ? STR_NONE : order;
}

/* With an order id nothing else tells two conversions apart; without one, everything
 * does. When the row arrived never enters. */
static void write_content(const struct conversion *c, struct scratch *s)
{
	struct str order = event_id_order(c, s);
	const struct event_time *t = &c->event_time;
	int64_t seconds;

	buf_clear(&s->canon);
	buf_adds(&s->canon, STR("{\"event\":"));
	canonical_string(c->event, &s->canon);
	if (order.len > 0) {
		buf_adds(&s->canon, STR(",\"order_id\":"));
		canonical_string(order, &s->canon);
		buf_addc(&s->canon, '}');
		return;
	}
	if (t->kind != EVENT_TIME_NONE) {
		buf_adds(&s->canon, STR(",\"event_time\":"));
		if (!event_time_needs_zone(t) && event_time_resolve(t, NULL, &seconds))
			buf_add_i64(&s->canon, seconds);
		else
			canonical_string(str_trim(t->text), &s->canon);
	}
	buf_adds(&s->canon, STR(",\"payload\":"));
	canonical_payload(c, s, &s->canon);
	buf_addc(&s->canon, '}');
}

/* Whether what the id is made of is no more what it was: where that is the whole payload and who it
 * was is gone from it, strangers' rows may be alike. It is in it again where there is something to
 * redact: somebody has put the whole of it in anew, and not the city alone. */
static bool is_redacted(const struct conversion *c, struct scratch *s)
{
	if (holds_sha256_hex(c->event))
		return true;
	if (str_trim(conversion_id(c, c->at[FIELD_TRANSACTION_ID], &s->text)).len > 0)
		return false; /* stays as it is */
	if (event_id_order(c, s).len > 0)
		return holds_sha256_hex(json_bytes(c->json, c->at[FIELD_ORDER_ID]));
	return holds_sha256_hex(c->row->payload) ||
	       holds_sha256_hex(c->event_time.text) ||
	       (c->row->redacted && !redact_needed_of_person(c, s));
}

bool event_id_is_kept(const struct conversion *c, struct scratch *s)
{
	return c->row->known_id.len > 0 && (!c->row->refused || is_redacted(c, s));
}

void event_id_of(const struct conversion *c, struct digest *dg, struct scratch *s,
		 struct str *out)
{
	unsigned char raw[DIGEST_LEN];
	char hex[32];

	if (c->event_id.len > 0) {
		*out = c->event_id;
		return;
	}
	write_content(c, s);
	digest_raw(dg, buf_str(&s->canon), raw);
	digest_hex_of(raw, sizeof(hex) / 2, hex);
	buf_clear(&s->own_id);
	buf_adds(&s->own_id, STR("g1_"));
	buf_add(&s->own_id, hex, sizeof(hex));
	*out = buf_str(&s->own_id);
}
