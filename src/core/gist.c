/* SPDX-License-Identifier: MIT */
#include "core/gist.h"

#include "core/decimal.h"
#include "core/event_id.h"

void gist_init(struct gist *g)
{
	buf_init(&g->event, EVENT_NAME_MAX);
	buf_init(&g->order, PAYLOAD_MAX);
	buf_init(&g->value, PAYLOAD_MAX);
	buf_init(&g->email, PAYLOAD_MAX);
	buf_init(&g->phone, PAYLOAD_MAX);
	buf_init(&g->external_id, PAYLOAD_MAX);
}

void gist_fini(struct gist *g)
{
	buf_fini(&g->event);
	buf_fini(&g->order);
	buf_fini(&g->value);
	buf_fini(&g->email);
	buf_fini(&g->phone);
	buf_fini(&g->external_id);
}

/* Of several the whole list: what shares only some of it counts as another's. */
static void keep(struct buf *to, const struct conversion *c, enum field field,
		 struct scratch *s)
{
	uint32_t at = c->at[field];

	buf_clear(to);
	if (at != JSON_NONE && c->json->t[at].type <= TOKEN_ARRAY &&
	    c->json->t[at].next > at + 1)
		buf_adds(to, json_bytes(c->json, at));
	else
		buf_adds(to, str_trim(conversion_id(c, at, &s->text)));
}

bool gist_read(struct gist *g, const struct outbox_row *row, struct scratch *s)
{
	struct conversion c;
	struct decimal value;

	if (conversion_read(&c, row, s) != REASON_NONE)
		return false;
	buf_clear(&g->event);
	buf_clear(&g->order);
	buf_clear(&g->value);
	buf_adds(&g->event, c.event);
	buf_adds(&g->order, event_id_order(&c, s));
	/* 29.9, 29.90 and "29.9" are one. */
	if (decimal_read(str_trim(conversion_id(&c, c.at[FIELD_VALUE], &s->text)),
			 &value))
		decimal_print(&value, &g->value);
	keep(&g->email, &c, FIELD_EMAIL, s);
	keep(&g->phone, &c, FIELD_PHONE, s);
	keep(&g->external_id, &c, FIELD_EXTERNAL_ID, s);
	return true;
}

static bool is_same(const struct buf *a, const struct buf *b)
{
	return a->len > 0 && str_ieq(buf_str(a), buf_str(b));
}

static bool names_somebody(const struct gist *g)
{
	return g->email.len > 0 || g->phone.len > 0 || g->external_id.len > 0;
}

bool gist_of_another_person(const struct gist *a, const struct gist *b)
{
	return names_somebody(a) && names_somebody(b) && !is_same(&a->email, &b->email) &&
	       !is_same(&a->phone, &b->phone) &&
	       !is_same(&a->external_id, &b->external_id);
}

bool gist_of_another_order(const struct gist *a, const struct gist *b)
{
	if (a->order.len > 0 && b->order.len > 0)
		return !str_eq(buf_str(&a->order), buf_str(&b->order));
	return a->value.len > 0 && b->value.len > 0 &&
	       !str_eq(buf_str(&a->value), buf_str(&b->value));
}
