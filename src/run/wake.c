/* SPDX-License-Identifier: MIT */
#include "run/wake.h"

#include <stdio.h>
#include <string.h>

static void on_event(uv_fs_event_t *watch, const char *name, int events, int status)
{
	struct wake *w = uv_handle_get_data((uv_handle_t *)watch);

	(void)events;
	if (status == 0 && (!name || strcmp(name, w->file) == 0))
		w->woken(w->arg);
}

enum err_code wake_open(struct wake *w, uv_loop_t *loop, const char *db_path,
			void (*woken)(void *arg), void *arg, struct err *e)
{
	const char *slash = strrchr(db_path, '/');
	int rc;

	snprintf(w->folder, sizeof(w->folder), "%.*s", slash ? (int)(slash - db_path) : 1,
		 slash ? db_path : ".");
	if (!w->folder[0])
		snprintf(w->folder, sizeof(w->folder), "/");
	w->paused = false;
	snprintf(w->file, sizeof(w->file), "%s-wal", slash ? slash + 1 : db_path);
	w->woken = woken;
	w->arg = arg;
	uv_fs_event_init(loop, &w->watch);
	uv_handle_set_data((uv_handle_t *)&w->watch, w);
	rc = uv_fs_event_start(&w->watch, on_event, w->folder, 0);
	if (rc != 0)
		return err_set(e, ERR_UNAVAILABLE, "watch '%s': %s", w->folder,
			       uv_strerror(rc));
	return ERR_OK;
}

void wake_pause(struct wake *w, bool paused)
{
	if (paused == w->paused)
		return;
	w->paused = paused;
	if (paused)
		uv_fs_event_stop(&w->watch);
	else
		/* Without a watch the caller's timer finds new rows. */
		(void)uv_fs_event_start(&w->watch, on_event, w->folder, 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct wake *w = uv_handle_get_data(handle);

	w->closed(w->arg);
}

void wake_close(struct wake *w, void (*closed)(void *arg))
{
	w->closed = closed;
	uv_close((uv_handle_t *)&w->watch, on_closed);
}
