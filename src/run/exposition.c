/* SPDX-License-Identifier: MIT */
#include "run/exposition.h"

#include "core/json.h"
#include "store/health.h"

void exposition_family(struct buf *out, const char *name, const char *type,
		       const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_value(struct buf *out, struct str value)
{
	if (!utf8_valid(value))
		value = STR("?");
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] == '\n')
			buf_adds(out, STR("\\n"));
		else if (value.p[i] == '"' || value.p[i] == '\\')
			buf_addf(out, "\\%c", value.p[i]);
		else
			buf_addc(out, value.p[i] ? value.p[i] : '?');
	}
}

/* NAME{a="b",c="d"} and a blank; `le` is one more label, "": none. */
static void add_head(struct buf *out, const char *name, const char *suffix,
		     const struct label *labels, const char *le)
{
	const char *before = "{";

	buf_addf(out, "%s%s", name, suffix);
	for (; labels && labels->name; labels++) {
		buf_addf(out, "%s%s=\"", before, labels->name);
		add_value(out, labels->value);
		buf_addc(out, '"');
		before = ",";
	}
	if (le[0])
		buf_addf(out, "%sle=\"%s\"", before, le);
	buf_addf(out, "%s ", le[0] || before[0] == ',' ? "}" : "");
}

void exposition_int(struct buf *out, const char *name, const struct label *labels,
		    int64_t value)
{
	add_head(out, name, "", labels, "");
	buf_addf(out, "%lld\n", (long long)value);
}

static void add_seconds(struct buf *out, int64_t ms)
{
	buf_addf(out, "%lld.%03d\n", (long long)(ms / 1000), (int)(ms % 1000));
}

void exposition_ms(struct buf *out, const char *name, const struct label *labels,
		   int64_t ms)
{
	add_head(out, name, "", labels, "");
	add_seconds(out, ms);
}

static void add_histogram(struct buf *out, const char *name, const struct label *labels,
			  const struct histogram *h)
{
	uint64_t count = 0;
	char le[24];

	for (int i = 0; i <= METRICS_BOUNDS; i++) {
		count += h->bucket[i];
		if (i < METRICS_BOUNDS)
			snprintf(le, sizeof(le), "%g",
				 (double)metrics_bound_ms[i] / 1000);
		else
			snprintf(le, sizeof(le), "+Inf");
		add_head(out, name, "_bucket", labels, le);
		buf_addf(out, "%llu\n", (unsigned long long)count);
	}
	add_head(out, name, "_sum", labels, "");
	add_seconds(out, (int64_t)h->sum_ms);
	add_head(out, name, "_count", labels, "");
	buf_addf(out, "%llu\n", (unsigned long long)count);
}

static void add_attempts(struct buf *out, const struct vitals_site *s)
{
	static const char *const classes[METRICS_CLASSES] = {"none", "1xx", "2xx",
							     "3xx",  "4xx", "5xx"};

	for (int v = 0; v < METRICS_VERDICTS; v++)
		for (int c = 0; c < METRICS_CLASSES; c++) {
			const struct label labels[] = {
				{"destination", str_of(s->name)},
				{"outcome", str_of(verdict_word((enum verdict)v))},
				{"code_class", str_of(classes[c])},
				{NULL, STR_NONE},
			};

			if (s->metrics.attempts[v][c])
				exposition_int(out, "convey_attempts_total", labels,
					       (int64_t)s->metrics.attempts[v][c]);
		}
}

static void add_relay(struct buf *out, const struct vitals *v)
{
	const struct label build[] = {{"version", STR(CONVEY_VERSION)},
				      {"sqlite", str_of(health_sqlite_version())},
				      {NULL, STR_NONE}};

	exposition_family(out, "convey_build_info", "gauge",
			  "The program and its SQLite.");
	exposition_int(out, "convey_build_info", build, 1);
	exposition_family(out, "convey_events_received_total", "counter",
			  "Rows of the outbox taken up since the relay started.");
	exposition_int(out, "convey_events_received_total", NULL,
		       (int64_t)v->metrics.received);
	exposition_family(out, "convey_requests_under_way", "gauge",
			  "Requests that wait for TikTok's answer.");
	exposition_int(out, "convey_requests_under_way", NULL, v->under_way);
}

static void add_states(struct buf *out, const struct vitals *v)
{
	exposition_family(out, "convey_destination_sending", "gauge",
			  "1: it takes conversions now; 0: it waits.");
	for (int i = 0; i < v->count; i++) {
		const struct vitals_site *s = &v->sites[i];
		const struct label labels[] = {{"destination", str_of(s->name)},
					       {NULL, STR_NONE}};

		exposition_int(out, "convey_destination_sending", labels, !s->waits);
	}
	exposition_family(out, "convey_destination_state", "gauge",
			  "1 for the state that the destination is in.");
	for (int i = 0; i < v->count; i++) {
		const struct vitals_site *s = &v->sites[i];
		const char *state = s->paused   ? "paused"
				    : s->reason ? reason_word(s->reason)
						: "active";
		const struct label labels[] = {{"destination", str_of(s->name)},
					       {"state", str_of(state)},
					       {NULL, STR_NONE}};

		exposition_int(out, "convey_destination_state", labels, 1);
	}
}

static void add_traffic(struct buf *out, const struct vitals *v)
{
	exposition_family(out, "convey_attempts_total", "counter",
			  "Requests since the relay started, by what came of them.");
	for (int i = 0; i < v->count; i++)
		add_attempts(out, &v->sites[i]);
	exposition_family(out, "convey_events_delivered_total", "counter",
			  "Events that TikTok acknowledged since the relay started.");
	for (int i = 0; i < v->count; i++) {
		const struct label labels[] = {{"destination", str_of(v->sites[i].name)},
					       {NULL, STR_NONE}};

		exposition_int(out, "convey_events_delivered_total", labels,
			       (int64_t)v->sites[i].metrics.delivered);
	}
}

static void add_latencies(struct buf *out, const struct vitals *v)
{
	static const struct {
		const char *name, *help;
		size_t at;
	} families[] = {
		{"convey_request_duration_seconds",
		 "From the start of a request to its answer.",
		 offsetof(struct site_metrics, request)},
		{"convey_delivery_latency_seconds",
		 "From the producer's commit of an event to TikTok's acknowledgement.",
		 offsetof(struct site_metrics, delivery)},
	};

	for (int f = 0; f < 2; f++) {
		exposition_family(out, families[f].name, "histogram", families[f].help);
		for (int i = 0; i < v->count; i++) {
			const struct site_metrics *m = &v->sites[i].metrics;
			const struct label labels[] = {
				{"destination", str_of(v->sites[i].name)},
				{NULL, STR_NONE}};

			add_histogram(out, families[f].name, labels,
				      (const struct histogram *)((const char *)m +
								 families[f].at));
		}
	}
}

void exposition_vitals(struct buf *out, const struct vitals *v)
{
	add_relay(out, v);
	add_states(out, v);
	add_traffic(out, v);
	add_latencies(out, v);
}
