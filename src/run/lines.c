/* SPDX-License-Identifier: MIT */
#include "run/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
	char step[24], destination[64];
	char *text;
};

/* Persons and pages are looked up before a destination decides anything, and tell what a later
 * decision stands on. */
static const char *const order[] = {"map",     "time",    "consent row",
				    "consent", "session", "identity"};
enum { ORDERED = sizeof(order) / sizeof(order[0]) };

static size_t rank(const char *step)
{
	size_t i = 0;

	while (i < ORDERED && strcmp(order[i], step) != 0)
		i++;
	return i;
}

/* What is looked up for one destination alone is told of first, too. */
static void settle(struct line *list, size_t at)
{
	struct line line = list[at];

	for (; at > 0 && strcmp(list[at - 1].destination, line.destination) == 0 &&
	       rank(list[at - 1].step) > rank(line.step);
	     at--)
		list[at] = list[at - 1];
	list[at] = line;
}

void lines_keep(struct lines *l, const char *step, const char *destination,
		const char *text)
{
	struct line *line;

	l->list = realloc(l->list, (l->count + 1) * sizeof(*l->list));
	if (!l->list)
		abort();
	line = &l->list[l->count++];
	snprintf(line->step, sizeof(line->step), "%s", step);
	snprintf(line->destination, sizeof(line->destination), "%s", destination);
	line->text = strdup(text);
	if (!line->text)
		abort();
	if (l->destinations == 0)
		l->found = l->count;
	else
		settle(l->list, l->count - 1);
}

static bool is_same(const struct line *a, const struct line *b)
{
	return strcmp(a->step, b->step) == 0 && strcmp(a->text, b->text) == 0;
}

/* How many destinations have this very line; *first: it is the first of them. */
static int count_same(const struct lines *l, const struct line *line, bool *first)
{
	const char *last = NULL;
	int count = 0;

	*first = false;
	for (size_t i = l->found; i < l->count; i++) {
		const struct line *k = &l->list[i];

		if (!is_same(k, line))
			continue;
		if (!last)
			*first = k == line;
		if (!last || strcmp(last, k->destination) != 0)
			count++;
		last = k->destination;
	}
	return count;
}

/* What was found for the steps before `end`. */
static void tell_found(const struct lines *l, size_t *step, size_t end, story_fn *fn,
		       void *arg)
{
	for (; *step < end; ++*step)
		for (size_t i = 0; i < l->found; i++)
			if (rank(l->list[i].step) == *step)
				fn(arg, l->list[i].step, l->list[i].destination,
				   str_of(l->list[i].text));
}

void lines_tell(struct lines *l, story_fn *fn, void *arg)
{
	size_t step = 0;

	for (size_t i = l->found; i < l->count; i++) {
		const struct line *k = &l->list[i];
		bool first, of_all = count_same(l, k, &first) == l->destinations;

		/* Of what all decide alike, the row's own end is told behind it. */
		if (of_all && (!first || strcmp(k->step, "decision") == 0))
			continue;
		tell_found(l, &step, rank(k->step), fn, arg);
		fn(arg, k->step, of_all && l->destinations > 1 ? "" : k->destination,
		   str_of(k->text));
	}
	tell_found(l, &step, ORDERED + 1, fn, arg);
	lines_drop(l);
}

void lines_drop(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->list[i].text);
	free(l->list);
	*l = (struct lines){0};
}
