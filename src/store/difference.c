/* SPDX-License-Identifier: MIT */
#include "store/difference.h"

#include "store/config.h"

void difference_open(struct difference *d, struct db *db)
{
	*d = (struct difference){.db = db};
	scratch_init(&d->scratch);
	gist_init(&d->first);
	gist_init(&d->second);
}

void difference_close(struct difference *d)
{
	event_map_free(d->map);
	scratch_fini(&d->scratch);
	gist_fini(&d->first);
	gist_fini(&d->second);
}

/* Anything may have been written over it since it was read. Producers wait meanwhile: one above
 * 16 KiB tells of no more than its event. */
static enum err_code read_row(struct difference *d, int64_t id, struct gist *out,
			      bool *told, struct err *e)
{
	struct outbox_row row = {.id = id};
	sqlite3_stmt *stmt;
	bool found;

	*told = false;
	if (db_kept(d->db,
		    "SELECT CAST(substr(event, 1, 500) AS TEXT), "
		    "CASE WHEN length(CAST(payload AS BLOB)) <= 16384 "
		    "THEN CAST(payload AS TEXT) ELSE '{}' END FROM outbox WHERE id = ?1",
		    &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, id);
	if (db_step(d->db, stmt, &found, e) == ERR_OK && found) {
		row.event = db_column(stmt, 0);
		row.payload = db_column(stmt, 1);
		*told = gist_read(out, &row, &d->scratch);
	}
	sqlite3_reset(stmt);
	return e->code;
}

static enum err_code compare_events(struct difference *d, bool *differs, struct err *e)
{
	if (str_eq(buf_str(&d->first.event), buf_str(&d->second.event)))
		return ERR_OK;
	if (!d->map && config_load_map(d->db, &d->map, e) != ERR_OK)
		return e->code;
	*differs = gist_of_another_event(&d->first, &d->second, d->map);
	return ERR_OK;
}

enum err_code difference_find(struct difference *d, int64_t first, int64_t second,
			      bool *differs, struct err *e)
{
	bool told;

	*differs = false;
	if (read_row(d, first, &d->first, &told, e) != ERR_OK || !told ||
	    read_row(d, second, &d->second, &told, e) != ERR_OK || !told)
		return e->code;
	*differs = gist_of_another_order(&d->first, &d->second);
	return *differs ? ERR_OK : compare_events(d, differs, e);
}
