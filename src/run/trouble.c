/* SPDX-License-Identifier: MIT */
#include "run/trouble.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/room.h"

enum { TELL_MS = 60 * 1000, LOOK_AGAIN_MS = 1000 };

void trouble_note(struct relay *r, const char *event, const struct err *e)
{
	uint64_t now = clock_mono_ms();
	struct log_line line;

	r->trouble = *e;
	if (r->trouble_told_ms && now - r->trouble_told_ms < TELL_MS)
		return;
	r->trouble_told_ms = now;
	line = log_begin(LOG_ERROR, event);
	log_field(&line, "error", "%s", e->msg);
	if (e->code == ERR_IO || e->code == ERR_BUSY)
		log_field(&line, "now",
			  "nothing new is sent; tried again every second, "
			  "and goes on by itself");
	log_end(&line);
}

void trouble_over(struct relay *r)
{
	struct log_line line;

	r->in_trouble = false;
	if (!r->trouble_told_ms)
		return;
	r->trouble_told_ms = 0;
	line = log_begin(LOG_NOTICE, "database_takes_writes");
	log_end(&line);
}

bool trouble_disk_full(struct relay *r)
{
	int64_t left = room_left(r->writer.lock.path);
	struct err e;

	if (left >= ROOM_REQUEST * (r->unsettled + 1))
		return false;
	err_set(&e, ERR_IO, "the disk is full: %lld KiB are left for '%s'; make room",
		(long long)(left / 1024), r->writer.lock.path);
	trouble_note(r, "disk_full", &e);
	r->trouble_ms = clock_mono_ms() + LOOK_AGAIN_MS;
	return true;
}

bool trouble_give_up(const struct relay *r)
{
	return r->fatal.code ||
	       (r->stopping && r->deadline_ms && clock_mono_ms() >= r->deadline_ms);
}
