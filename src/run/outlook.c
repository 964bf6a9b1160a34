/* SPDX-License-Identifier: MIT */
#include "run/outlook.h"

#include <errno.h>
#include <string.h>

#include "store/lock.h"
#include "store/room.h"

/* Without a relay rows wait for the next one, which may come by the clock (--drain). */
enum { NOBODY_SENDS_S = 600 };

static bool is_stuck(const struct status_totals *t)
{
	return (t->no_relay && t->oldest_s >= NOBODY_SENDS_S) || outlook_is_silent(t);
}

bool outlook_is_silent(const struct status_totals *t)
{
	return t->silent_s >= NOBODY_SENDS_S && t->relay_s >= NOBODY_SENDS_S;
}

int64_t outlook_silence_s(const struct status_totals *t)
{
	return t->silent_s < t->relay_s ? t->silent_s : t->relay_s;
}

static bool needs_person(const struct status_totals *t)
{
	return t->destinations == 0 || t->blocked || t->held || t->failed ||
	       t->rejected || t->ageing || is_stuck(t);
}

void outlook_age(int64_t seconds, struct buf *out)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	buf_addf(out, "%lld %s", (long long)(seconds / units[i].seconds), units[i].name);
}

static void add_part(struct buf *out, int64_t count, const char *one, const char *many,
		     bool *any)
{
	if (count == 0)
		return;
	buf_addf(out, "%s%lld %s", *any ? ", " : "", (long long)count,
		 count == 1 ? one : many);
	*any = true;
}

static void add_states(struct buf *out, int64_t count, const char *word, bool *any)
{
	add_part(out, count, word, word, any);
}

static void add_ageing(const struct status_totals *t, struct buf *out, bool *any)
{
	if (t->ageing == 0)
		return;
	buf_addf(out, "%srows have waited for ", *any ? ", " : "");
	outlook_age(t->oldest_s, out);
	buf_addf(out, " at %lld destination%s, and older than 28 d none is sent",
		 (long long)t->ageing, t->ageing == 1 ? "" : "s");
	*any = true;
}

/* They are counted as `convey list` has them: a row may be several. */
static void add_ended(const struct status_totals *t, struct buf *out, bool *any)
{
	int64_t last = t->held ? t->held : t->rejected ? t->rejected : t->failed;

	add_states(out, t->failed, "failed", any);
	add_states(out, t->rejected, "rejected", any);
	add_states(out, t->held, "held", any);
	if (last > 0)
		buf_adds(out, last == 1 ? STR(" delivery") : STR(" deliveries"));
}

static void add_needs(const struct status_totals *t, struct buf *out)
{
	bool any = is_stuck(t);

	buf_adds(out, STR("Needs you: "));
	if (outlook_is_silent(t)) {
		buf_adds(out, STR("the relay runs and has begun no request for "));
		outlook_age(outlook_silence_s(t), out);
		buf_adds(out, STR(", while rows are due (its log says more; else start "
				  "it again)"));
	} else if (any) {
		buf_adds(out, STR("no relay runs, and the oldest row has waited for "));
		outlook_age(t->oldest_s, out);
		buf_adds(out, STR(" (convey run)"));
	}
	add_part(out, t->blocked, "destination cannot send", "destinations cannot send",
		 &any);
	add_ageing(t, out, &any);
	add_ended(t, out, &any);
	buf_addc(out, '.');
}

static void add_flow(const struct status_totals *t, struct buf *out)
{
	bool any = false;

	add_states(out, t->unclaimed + t->pending, "pending", &any);
	add_states(out, t->sending, "sending", &any);
	add_states(out, t->retrying, "retrying", &any);
	if (!any)
		buf_adds(out, STR("Nothing waits"));
	else if (t->no_relay)
		buf_adds(out, STR(" (no relay runs: convey run)"));
	any = true;
	add_part(out, t->paused, "destination paused", "destinations paused", &any);
	add_part(out, t->held_up, "destination held up for now",
		 "destinations held up for now", &any);
	buf_addf(out, "; %lld delivered. Nothing needs you.", (long long)t->delivered);
}

static void add_sentence(const struct status_totals *t, struct buf *out)
{
	if (t->destinations == 0)
		buf_adds(out, STR("Needs you: there is no destination; convey "
				  "destination add."));
	else if (needs_person(t))
		add_needs(t, out);
	else
		add_flow(t, out);
}

const char *outlook_cause(int refusal)
{
	return refusal == LOCK_REFUSAL_OTHER ? ""
	       : refusal == EBUSY            ? "it is locked"
					     : strerror(refusal);
}

const char *outlook_remedy(int refusal)
{
	switch (refusal) {
	case ENOSPC: return "make room on its disk";
	case EDQUOT:
		return "raise the disk quota of the relay's user, or make room in it";
	case EFBIG:
		return "raise the relay's limit on the size of a file (ulimit -f, "
		       "LimitFSIZE=), then start it again";
	case EROFS:
		return "look at the kernel's log, then mount the file system for writing";
	case EIO: return "look at the kernel's log and at the disk";
	case EBUSY: return "find the program that holds it (fuser FILE) and end it";
	default: return "the relay's log says why (journalctl -u convey)";
	}
}

static bool add_refusal(const char *db_path, int refusal, struct buf *out)
{
	if (refusal == ENOSPC || room_is_out(db_path)) {
		buf_addf(out,
			 " The disk is full: make room beside '%s'; what waits goes on "
			 "by itself then.",
			 db_path);
		return true;
	}
	if (refusal == 0)
		return false;
	buf_addf(out, " The relay cannot write to '%s'", db_path);
	if (outlook_cause(refusal)[0])
		buf_addf(out, " (%s)", outlook_cause(refusal));
	buf_addf(out,
		 ", and sends nothing: %s; what waits goes on by itself once it can.",
		 outlook_remedy(refusal));
	return true;
}

bool outlook_verdict(const struct status_totals *t, const char *db_path, int refusal,
		     struct buf *out)
{
	bool person = needs_person(t), refused;
	struct buf why;

	buf_init(&why, OUTLOOK_MAX);
	refused = add_refusal(db_path, refusal, &why);
	if (refused && !person)
		buf_adds(out, STR("Needs you."));
	else
		add_sentence(t, out);
	buf_adds(out, buf_str(&why));
	buf_fini(&why);
	return person || refused;
}
