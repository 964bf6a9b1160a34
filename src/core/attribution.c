/* SPDX-License-Identifier: MIT */
#include "core/attribution.h"

#include <math.h>

#define DAY_S (24 * 60 * 60)
/* A sum of shares and another that is equal but for rounding. */
#define SHARE_EPSILON 1e-9

static const char *const models[] = {
	[MODEL_LAST_NON_DIRECT] = "last_non_direct",
	[MODEL_FIRST] = "first",
	[MODEL_LAST] = "last",
	[MODEL_LINEAR] = "linear",
	[MODEL_POSITION] = "position",
	[MODEL_TIME_DECAY] = "time_decay",
};

static const char *const delivers[] = {
	[DELIVER_ALL] = "all",
	[DELIVER_ATTRIBUTED] = "attributed",
	[DELIVER_ONLY_WON] = "only-won",
};

/* They come out of an index on time: as good as sorted, and few. */
static void sort_by_time(struct touch *t, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct touch moved = t[i];
		size_t at = i;

		for (; at > 0 && t[at - 1].at_s > moved.at_s; at--)
			t[at] = t[at - 1];
		t[at] = moved;
	}
}

static bool click_met(const struct touch *t, size_t n, uint64_t click)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].click == click)
			return true;
	return false;
}

size_t touches_settle(struct touch *t, size_t n)
{
	size_t left = 0;

	sort_by_time(t, n);
	for (size_t i = 0; i < n; i++) {
		struct touch one = t[i];

		if (one.click && click_met(t, left, one.click)) {
			one.platform = one.again_platform;
			one.channel = one.again_channel;
			one.click = 0;
			one.evidence = "known click";
		}
		if (one.channel != CHANNEL_NONE)
			t[left++] = one;
	}
	return left;
}

static bool in_window(const struct touch *t, int64_t event_s, const struct windows *w)
{
	int32_t days = t->channel == CHANNEL_PAID_VIEW ? w->view_days : w->click_days;

	/* No subtraction: times may be anything. */
	return t->at_s <= event_s && t->at_s >= event_s - (int64_t)days * DAY_S;
}

static size_t last_touch(const struct touch *t, size_t n, const double *credit,
			 bool non_direct)
{
	for (size_t i = n; i-- > 0;)
		if (credit[i] > 0 && (!non_direct || t[i].channel != CHANNEL_DIRECT))
			return i;
	return n;
}

static size_t first_touch(size_t n, const double *credit)
{
	size_t i = 0;

	while (i < n && credit[i] <= 0)
		i++;
	return i;
}

static void give_all(double *credit, size_t n, size_t to)
{
	for (size_t i = 0; i < n; i++)
		credit[i] = i == to ? 1 : 0;
}

static void weigh_position(double *credit, size_t n, size_t count)
{
	size_t first = first_touch(n, credit), last = last_touch(NULL, n, credit, false);

	for (size_t i = 0; i < n && count > 2; i++)
		if (credit[i] > 0)
			credit[i] =
				i == first || i == last ? 0.4 : 0.2 / (double)(count - 2);
}

/* Relative to the youngest, so that no window is long enough to bring all to 0. */
static void weigh_decay(const struct touch *t, double *credit, size_t n)
{
	int64_t youngest = t[last_touch(t, n, credit, false)].at_s;

	for (size_t i = 0; i < n; i++)
		if (credit[i] > 0)
			credit[i] = exp2((double)(t[i].at_s - youngest) /
					 TIME_DECAY_HALF_LIFE_S);
}

static void share_out(double *credit, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += credit[i];
	for (size_t i = 0; i < n; i++)
		credit[i] /= sum;
}

size_t attribute(const struct touch *t, size_t n, enum attribution_model model,
		 int64_t event_s, const struct windows *w, double *credit)
{
	size_t count = 0, last;

	for (size_t i = 0; i < n; i++) {
		credit[i] = in_window(&t[i], event_s, w) ? 1 : 0;
		count += credit[i] > 0;
	}
	if (count == 0)
		return 0;
	last = last_touch(t, n, credit, model == MODEL_LAST_NON_DIRECT);
	if (last == n)
		last = last_touch(t, n, credit, false);
	switch (model) {
	case MODEL_LAST_NON_DIRECT:
	case MODEL_LAST: give_all(credit, n, last); break;
	case MODEL_FIRST: give_all(credit, n, first_touch(n, credit)); break;
	case MODEL_LINEAR: break;
	case MODEL_POSITION: weigh_position(credit, n, count); break;
	case MODEL_TIME_DECAY: weigh_decay(t, credit, n); break;
	}
	share_out(credit, n);
	return count;
}

static bool is_paid(const struct touch *t)
{
	return t->channel == CHANNEL_PAID_CLICK || t->channel == CHANNEL_PAID_VIEW;
}

double attribution_credit(const struct touch *t, const double *credit, size_t n,
			  enum platform platform)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		if (t[i].platform == platform && is_paid(&t[i]))
			sum += credit[i];
	return sum;
}

enum platform attribution_winner(const struct touch *t, const double *credit, size_t n)
{
	enum platform winner = PLATFORM_NONE;
	double most = 0;

	/* TikTok has the smallest number: a tie is its. */
	for (int i = PLATFORM_TIKTOK; i < PLATFORM_COUNT; i++) {
		double sum = attribution_credit(t, credit, n, (enum platform)i);

		if (sum > most + SHARE_EPSILON) {
			most = sum;
			winner = (enum platform)i;
		}
	}
	return winner;
}

enum reason attribution_verdict(enum deliver deliver, enum platform winner)
{
	switch (deliver) {
	case DELIVER_ALL: return REASON_NONE;
	case DELIVER_ATTRIBUTED:
		return winner == PLATFORM_NONE || winner == PLATFORM_TIKTOK
			       ? REASON_NONE
			       : REASON_NOT_ATTRIBUTED;
	case DELIVER_ONLY_WON:
		return winner == PLATFORM_TIKTOK ? REASON_NONE : REASON_NOT_ATTRIBUTED;
	}
	return REASON_NOT_ATTRIBUTED;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Row 0 of a table is no word. */
static size_t row_of_word(const char *const *table, size_t count, struct str word)
{
	for (size_t i = 1; i < count; i++)
		if (str_eq(word, str_of(table[i])))
			return i;
	return 0;
}

const char *model_word(enum attribution_model model)
{
	return model > 0 && model < COUNT(models) ? models[model] : "?";
}

bool model_of_word(struct str word, enum attribution_model *out)
{
	size_t row = row_of_word(models, COUNT(models), word);

	if (row)
		*out = (enum attribution_model)row;
	return row != 0;
}

const char *deliver_word(enum deliver deliver)
{
	return deliver > 0 && deliver < COUNT(delivers) ? delivers[deliver] : "?";
}

bool deliver_of_word(struct str word, enum deliver *out)
{
	size_t row = row_of_word(delivers, COUNT(delivers), word);

	if (row)
		*out = (enum deliver)row;
	return row != 0;
}
