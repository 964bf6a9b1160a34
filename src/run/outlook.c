/* SPDX-License-Identifier: MIT */
#include "run/outlook.h"

#include "store/room.h"

bool outlook_needs_person(const struct status_totals *t)
{
	return t->destinations == 0 || t->blocked || t->held || t->failed || t->rejected;
}

static void add_part(struct buf *out, int64_t count, const char *what, bool *any)
{
	if (count == 0)
		return;
	buf_addf(out, "%s%lld %s", *any ? ", " : "", (long long)count, what);
	*any = true;
}

void outlook_sentence(const struct status_totals *t, struct buf *out)
{
	bool any = false;

	if (t->destinations == 0) {
		buf_adds(out, STR("Needs you: there is no destination; convey "
				  "destination add."));
		return;
	}
	if (outlook_needs_person(t)) {
		buf_adds(out, STR("Needs you: "));
		add_part(out, t->blocked,
			 t->blocked == 1 ? "destination waits" : "destinations wait",
			 &any);
		add_part(out, t->failed, "failed", &any);
		add_part(out, t->rejected, "rejected", &any);
		add_part(out, t->held, "held", &any);
		buf_addc(out, '.');
		return;
	}
	add_part(out, t->unclaimed + t->pending, "pending", &any);
	add_part(out, t->sending, "sending", &any);
	add_part(out, t->retrying, "retrying", &any);
	if (!any)
		buf_adds(out, STR("Nothing waits"));
	buf_addf(out, "; %lld delivered. Nothing needs you.", (long long)t->delivered);
}

bool outlook_disk_full(const char *db_path, struct buf *out)
{
	if (room_left(db_path) >= ROOM_REQUEST)
		return false;
	buf_addf(out,
		 " The disk is full: make room beside '%s'; what waits goes on by "
		 "itself then.",
		 db_path);
	return true;
}
