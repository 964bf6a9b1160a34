/* SPDX-License-Identifier: MIT */
#include "run/vitals.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "run/relay.h"

static void take_site(const struct site *s, struct vitals_site *out)
{
	*out = (struct vitals_site){
		.id = s->id,
		.paused = s->paused,
		.has_token = s->has_token,
		.waits = site_waits(s),
		.reason = s->state == SITE_OPEN ? REASON_NONE : s->reason,
		.under_way = s->under_way,
		.metrics = s->metrics,
	};
	memcpy(out->name, s->name, sizeof(out->name));
}

void vitals_take(const struct relay *r, struct vitals *out)
{
	bool trouble = trouble_is_there(r) || clock_mono_ms() < r->trouble.until_ms;

	*out = (struct vitals){
		.metrics = r->metrics,
		.under_way = r->shipping.under_way,
		.configured = r->config_version > 0,
		.stopping = r->stopping,
		.unreadable = r->trouble.unreadable,
		.refusal = r->writer.lock.refusal,
	};
	snprintf(out->db_path, sizeof(out->db_path), "%s", r->writer.lock.path);
	if (trouble)
		snprintf(out->trouble, sizeof(out->trouble), "%s", r->trouble.last.msg);
	out->sites = calloc((size_t)r->sites.count + 1, sizeof(*out->sites));
	if (!out->sites)
		abort();
	for (int i = 0; i < r->sites.count; i++)
		if (!r->sites.list[i]->removed)
			take_site(r->sites.list[i], &out->sites[out->count++]);
}

void vitals_fini(struct vitals *v)
{
	free(v->sites);
	v->sites = NULL;
	v->count = 0;
}

const struct vitals_site *vitals_site(const struct vitals *v, struct str name)
{
	for (int i = 0; i < v->count; i++)
		if (str_eq(name, str_of(v->sites[i].name)))
			return &v->sites[i];
	return NULL;
}

void vitals_unready(const struct vitals *v, struct buf *out)
{
	int able = 0;

	if (v->stopping)
		buf_adds(out, STR("the relay is stopping\n"));
	if (v->trouble[0])
		buf_addf(out, "the database cannot be written: %s\n", v->trouble);
	if (!v->configured)
		buf_adds(out, STR("the configuration has not been read yet\n"));
	else if (v->count == 0)
		buf_adds(out, STR("there is no destination: convey destination add\n"));
	for (int i = 0; i < v->count; i++)
		able += !v->sites[i].waits;
	for (int i = 0; able == 0 && i < v->count; i++)
		buf_addf(out, "destination %s waits: %s\n", v->sites[i].name,
			 v->sites[i].paused ? "paused" : reason_word(v->sites[i].reason));
}
