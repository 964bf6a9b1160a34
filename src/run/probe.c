/* SPDX-License-Identifier: MIT */
#include "run/probe.h"

#include <errno.h>
#include <unistd.h>

#include "run/exposition.h"
#include "store/room.h"
#include "store/vault.h"

/* What the loop has not met yet: it may have had nothing to write. */
static bool check_disk(const struct vitals *v, struct buf *out)
{
	if (access(v->db_path, W_OK) != 0)
		buf_addf(out, "the database cannot be written: %s\n", strerror(errno));
	else if (room_is_out(v->db_path))
		buf_adds(out, STR("the database's disk is full\n"));
	else
		return true;
	return false;
}

static bool is_writable(const struct vitals *v)
{
	struct buf why;
	bool writable;

	buf_init(&why, 400);
	writable = !v->trouble[0] && check_disk(v, &why);
	buf_fini(&why);
	return writable;
}

static void check_database(const struct vitals *v, struct buf *out)
{
	struct err e = {ERR_OK, ""};
	struct db db;

	if (db_open(&db, v->db_path, DB_READ, &e) != ERR_OK) {
		buf_addf(out, "the database cannot be read: %s\n", e.msg);
		return;
	}
	db_close(&db);
}

/* Over TCP without a token: whether, not why. */
void probe_ready(struct errand *errand)
{
	struct buf *out = &errand->body;

	vitals_unready(&errand->vitals, out);
	check_disk(&errand->vitals, out);
	check_database(&errand->vitals, out);
	errand->status = out->len ? 503 : 200;
	if (out->len == 0)
		buf_adds(out, STR("ready\n"));
	else if (errand->tcp && !errand->ask->trusted) {
		buf_clear(out);
		buf_adds(out, STR("not ready; the token opens why\n"));
	}
}

/* In one snapshot. Without the key only the tokens' ends are missing. */
static bool add_store(struct errand *errand, struct err *e)
{
	struct vault vault;
	bool has_key = vault_open(&vault, errand->key_of, e) == ERR_OK, done = false;
	struct db db;

	if (db_open(&db, errand->vitals.db_path, DB_READ, e) == ERR_OK) {
		done = db_exec(&db, "BEGIN", e) == ERR_OK &&
		       exposition_store(&errand->body, &errand->vitals, &db,
					has_key ? &vault : NULL, e) == ERR_OK;
		db_close(&db);
	}
	if (has_key)
		vault_close(&vault);
	return done;
}

/* Where the database cannot be read, what is known without it is told all the same. */
void probe_metrics(struct errand *errand)
{
	struct buf *out = &errand->body;
	struct err e = {ERR_OK, ""};
	bool readable;

	errand->type = EXPOSITION_TYPE;
	exposition_vitals(out, &errand->vitals);
	exposition_process(out, &errand->vitals);
	exposition_family(out, "convey_database_writable", "gauge",
			  "0: the last write was refused, or the next would be.");
	exposition_int(out, "convey_database_writable", NULL,
		       is_writable(&errand->vitals));
	readable = add_store(errand, &e);
	exposition_family(out, "convey_database_readable", "gauge",
			  "0: what only the database knows is missing here.");
	exposition_int(out, "convey_database_readable", NULL, readable);
}
