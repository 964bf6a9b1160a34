/* SPDX-License-Identifier: MIT */
#include "core/shape.h"

#include "core/shape_parts.h"

/* What the source demands beside user and properties. */
static enum reason shape_source(struct shaper *sh)
{
	switch (sh->d->source) {
	case SOURCE_WEB: return shape_page(sh);
	case SOURCE_APP: return shape_app(sh);
	case SOURCE_CRM: return shape_lead(sh);
	default: return REASON_NONE;
	}
}

static enum reason shape_item(struct shaper *sh, struct str event_id)
{
	enum reason reason;

	put_text(sh->out, LABEL("event"), sh->dec->event->tiktok_event);
	put(sh->out, LABEL("event_time"));
	buf_add_i64(sh->out, sh->dec->event_time);
	put(sh->out, STR(","));
	put(sh->out, STR("\"event_id\":\""));
	buf_add_json(sh->out, event_id);
	put(sh->out, STR("\","));
	shape_user(sh);
	reason = shape_source(sh);
	if (reason != REASON_NONE)
		return reason;
	reason = shape_properties(sh);
	if (reason != REASON_NONE)
		return reason;
	if (sh->d->source == SOURCE_WEB || sh->d->source == SOURCE_APP)
		shape_ad(sh);
	if (sh->dec->limited_data_use >= 0)
		put(sh->out, sh->dec->limited_data_use
				     ? STR("\"limited_data_use\":true,")
				     : STR("\"limited_data_use\":false,"));
	return REASON_NONE;
}

enum reason shape(const struct conversion *c, const struct decision *dec,
		  const struct destination_rules *d, const struct enrichment *e,
		  struct str event_id, struct digest *dg, struct scratch *s,
		  struct buf *out)
{
	static const struct enrichment nothing;
	struct shaper sh = {c, c->json, dec, d, e ? e : &nothing, dg, s, out};
	size_t start = out->len;
	enum reason reason;

	s->refused = JSON_NONE;
	put(out, STR("{"));
	reason = shape_item(&sh, event_id);
	if (reason != REASON_NONE || out->full) {
		out->len = start;
		return reason;
	}
	out->p[out->len - 1] = '}';
	return REASON_NONE;
}
