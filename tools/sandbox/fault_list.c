/* SPDX-License-Identifier: MIT */
#include "fault_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum err_code fault_list_add(struct fault_list *l, const char *spec, struct err *e)
{
	struct fault rule;
	struct fault *rules;

	if (fault_parse(spec, &rule, e))
		return e->code;
	rules = realloc(l->rules, (l->count + 1) * sizeof(*rules));
	if (!rules)
		abort();
	rules[l->count++] = rule;
	l->rules = rules;
	return ERR_OK;
}

void fault_list_restart(struct fault_list *l)
{
	l->requests = 0;
	l->started_ms = clock_mono_ms();
	for (size_t i = 0; i < l->count; i++)
		l->rules[i].fired = 0;
}

void fault_list_fini(struct fault_list *l)
{
	free(l->rules);
	*l = (struct fault_list){.seed = l->seed};
}

/* splitmix64: the same seed and request give the same chance, whatever the threads do. */
static double chance(uint64_t seed, uint64_t nth, size_t rule)
{
	uint64_t z =
		seed + nth * 0x9e3779b97f4a7c15 + (uint64_t)rule * 0xd1b54a32d192ed03;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1.0p-53;
}

static bool is_due(const struct fault_list *l, size_t rule, uint64_t nth,
		   const char *source_id)
{
	const struct fault *f = &l->rules[rule];
	int64_t age_ms = (int64_t)(clock_mono_ms() - l->started_ms);

	if (f->nth_from && (nth < f->nth_from || nth > f->nth_to))
		return false;
	if (f->every && nth % f->every != 0)
		return false;
	if (f->count && f->fired >= f->count)
		return false;
	if (age_ms < f->after_ms)
		return false;
	if (f->until_ms >= 0 && age_ms >= f->after_ms + f->until_ms)
		return false;
	if (*f->source_id && (!source_id || strcmp(f->source_id, source_id) != 0))
		return false;
	return f->share >= 1 || chance(l->seed, nth, rule) < f->share;
}

bool fault_pick(struct fault_list *l, enum fault_phase phase, uint64_t nth,
		const char *source_id, struct fault *out)
{
	for (size_t i = 0; i < l->count; i++) {
		if (fault_phase_of(l->rules[i].kind) != phase ||
		    !is_due(l, i, nth, source_id))
			continue;
		l->rules[i].fired++;
		*out = l->rules[i];
		return true;
	}
	return false;
}

struct fault *fault_next_data(struct fault_list *l, uint64_t nth, const char *source_id,
			      size_t *at)
{
	while (*at < l->count) {
		size_t i = (*at)++;

		if (fault_phase_of(l->rules[i].kind) == FAULT_DATA &&
		    is_due(l, i, nth, source_id))
			return &l->rules[i];
	}
	return NULL;
}

const struct fault *fault_list_raw(const struct fault_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (fault_is_raw(l->rules[i].kind))
			return &l->rules[i];
	return NULL;
}
