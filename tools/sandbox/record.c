/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sandbox.h"

static void count_code(struct stats *stats, int code)
{
	size_t i = 0;

	while (i < stats->code_count && stats->codes[i].code != code)
		i++;
	if (i == CODES_MAX)
		return;
	stats->codes[i].code = code;
	stats->codes[i].count++;
	if (i == stats->code_count)
		stats->code_count++;
}

static void print_line(const struct exchange *x)
{
	fprintf(stderr, "%s %s: %zu events, %llu new, HTTP %d", x->method, x->path,
		exchange_event_count(x), (unsigned long long)x->fresh, x->status);
	if (x->has_code)
		fprintf(stderr, ", code %d", x->code);
	if (x->has_code && x->code)
		fprintf(stderr, " %s", x->message);
	if (*x->fault.name)
		fprintf(stderr, ", fault %s", x->fault.name);
	fputc('\n', stderr);
}

bool sandbox_record(struct sandbox *s, struct exchange *x)
{
	struct err e;

	bool written;

	if (x->recorded)
		return true;
	x->recorded = true;
	pthread_mutex_lock(&s->lock);
	s->stats.requests++;
	s->stats.bytes += x->received;
	count_code(&s->stats, x->has_code ? x->code : -1);
	if (!s->broken && ledger_add(&s->ledger, x, &e)) {
		fprintf(stderr, "convey-sandbox: %s\n", e.msg);
		s->broken = true;
		kill(getpid(), SIGTERM);
	}
	if (!s->quiet)
		print_line(x);
	written = !s->broken;
	pthread_mutex_unlock(&s->lock);
	return written;
}
