/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stdio.h>

static int least(int a, int b, int c)
{
	int least = a < b ? a : b;

	return least < c ? least : c;
}

static bool same(char a, char b)
{
	return ascii_lower(a) == ascii_lower(b);
}

/* Levenshtein's distance, where a swap of neighbours counts as one and case as nothing. */
static int distance(const char *a, const char *b)
{
	int rows[3][NEAREST_MAX + 1];
	int m = (int)strlen(a), n = (int)strlen(b);

	for (int j = 0; j <= n; j++)
		rows[0][j] = j;
	for (int i = 1; i <= m; i++) {
		int *now = rows[i % 3], *last = rows[(i + 2) % 3],
		    *before = rows[(i + 1) % 3];

		now[0] = i;
		for (int j = 1; j <= n; j++) {
			bool swap = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
				    same(a[i - 2], b[j - 1]);

			now[j] = least(last[j] + 1, now[j - 1] + 1,
				       last[j - 1] + !same(a[i - 1], b[j - 1]));
			if (swap && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return rows[m % 3][n];
}

static bool keep(char out[NEAREST_MAX + 1], struct str word)
{
	if (word.len == 0 || word.len > NEAREST_MAX || memchr(word.p, '\0', word.len))
		return false;
	memcpy(out, word.p, word.len);
	out[word.len] = '\0';
	return true;
}

void nearest_init(struct nearest *n, struct str wanted)
{
	*n = (struct nearest){.limit = -1};
	if (keep(n->wanted, wanted))
		n->limit = 1 + (int)wanted.len / 3;
}

void nearest_offer(struct nearest *n, struct str word)
{
	char offered[NEAREST_MAX + 1];
	size_t wanted = strlen(n->wanted);
	int d;

	if (str_eq(word, str_of(n->wanted))) { /* it was meant: no other was */
		n->best[0] = '\0';
		n->limit = -1;
	}
	if (n->limit < 0 || wanted == 0 || !keep(offered, word))
		return;
	d = distance(n->wanted, offered);
	if (d > 1 && wanted > 1 && word.len > wanted &&
	    str_ieq(str_make(word.p, wanted), str_of(n->wanted)))
		d = 1; /* its beginning */
	if (d > n->limit || (size_t)d >= wanted)
		return;
	n->limit = d - 1;
	memcpy(n->best, offered, word.len + 1);
}

void nearest_take(struct nearest *n, struct str word)
{
	*n = (struct nearest){.limit = -1};
	keep(n->best, word);
}

void nearest_offer_all(struct nearest *n, const char *const *words)
{
	for (; *words; words++)
		nearest_offer(n, str_of(*words));
}

const char *nearest_hint(struct nearest *n)
{
	n->hint[0] = '\0';
	if (n->best[0])
		snprintf(n->hint, sizeof(n->hint), "; did you mean '%s'?", n->best);
	return n->hint;
}
