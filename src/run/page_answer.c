/* SPDX-License-Identifier: MIT */
#include "run/page_answer.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "run/page.h"
#include "store/migrate.h"

/* Without opening it: to close a database's file drops SQLite's locks. */
static void measure(struct page_view *p, const char *path)
{
	char wal[sizeof(p->vitals->db_path) + 8];
	struct statvfs fs;
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	p->database_bytes = stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
	p->wal_bytes = stat(wal, &st) == 0 ? (int64_t)st.st_size : 0;
	p->free_bytes =
		statvfs(path, &fs) == 0 ? (int64_t)(fs.f_bavail * fs.f_frsize) : 0;
}

static enum err_code read_all(struct overview *o, const struct errand *errand,
			      struct err *e)
{
	const char *path = errand->vitals.db_path;
	struct str event_id = params_get(&errand->ask->params, "event_id");
	struct db db;

	if (db_open(&db, path, DB_READ, e) != ERR_OK)
		return e->code;
	if (migrate_check(&db, e) == ERR_OK)
		e->code = overview_read(o, &db, params_get(&errand->ask->params, "hours"),
					e);
	db_close(&db);
	if (e->code == ERR_OK && str_trim(event_id).len > 0)
		overview_tell(o, path, str_trim(event_id));
	return e->code;
}

void page_answer(struct errand *errand)
{
	struct err e = {ERR_OK, ""};
	struct overview o;
	struct page_view p = {
		.overview = &o,
		.vitals = &errand->vitals,
		.notice = errand->notice,
		.notice_bad = errand->notice_bad,
		.tcp = errand->tcp,
		.token = errand->ask->token,
	};

	overview_init(&o, clock_wall_ms());
	if (read_all(&o, errand, &e) != ERR_OK)
		p.unreadable = e.msg;
	o.totals.relay_s = o.now_s - errand->vitals.metrics.started_ms / 1000;
	measure(&p, errand->vitals.db_path);
	page_render(&p, &errand->body);
	errand->type = PAGE_TYPE;
	errand->policy = page_policy;
	overview_fini(&o);
}

void page_answer_change(struct errand *errand)
{
	if (errand->ask->html)
		page_answer(errand);
	else
		buf_addf(&errand->body, "%s\n", errand->notice);
}
