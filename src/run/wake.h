/* SPDX-License-Identifier: MIT
 * wake.h - notices that somebody committed, without polling and without touching the file:
 * inotify on the database's folder.
 *
 * Owns:    a uv handle, from wake_open to wake_close.
 * Thread:  the loop's.
 * Errors:  UNAVAILABLE no inotify left; the caller's timer still finds new rows. */
#ifndef RUN_WAKE_H
#define RUN_WAKE_H

#include <stdbool.h>

#include <uv.h>

#include "base/err.h"

struct wake {
	uv_fs_event_t watch;
	char folder[1024];
	bool paused;
	char file[300]; /* the name of the WAL */
	void (*woken)(void *arg);
	void *arg;
	void (*closed)(void *arg);
};

MUST_CHECK enum err_code wake_open(struct wake *w, uv_loop_t *loop, const char *db_path,
				   void (*woken)(void *arg), void *arg, struct err *e);
/* While rows are being read anyway, nobody need be told of more: every page that is written
 * would wake the loop. After a pause the caller looks once by itself. */
void wake_pause(struct wake *w, bool paused);

void wake_close(struct wake *w, void (*closed)(void *arg));

#endif
