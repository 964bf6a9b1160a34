/* SPDX-License-Identifier: MIT */
#include "store/place.h"

#include <stdio.h>

enum err_code place_open(struct place *p, struct db *db, struct err *e)
{
	*p = (struct place){.db = db};
	return db_prepare(
		db,
		"SELECT timezone, (SELECT default_country FROM destination "
		"WHERE removed = 0 AND default_country <> '' ORDER BY id LIMIT 1) "
		"FROM destination WHERE removed = 0 ORDER BY id LIMIT 1",
		&p->first, e);
}

void place_close(struct place *p)
{
	sqlite3_finalize(p->first);
	zone_free(p->zone);
	*p = (struct place){0};
}

/* A name that is no zone is the configuration's fault, which says so itself. */
static enum err_code use_zone(struct place *p, struct str said, struct err *e)
{
	char name[sizeof(p->zone_name)];
	struct zone *zone;

	snprintf(name, sizeof(name), "%.*s", STR_ARG(said));
	if (strcmp(name, p->zone_name) == 0)
		return ERR_OK;
	zone = zone_open(name, e);
	if (!zone && e->code == ERR_IO)
		return e->code;
	e->code = ERR_OK;
	zone_free(p->zone);
	p->zone = zone;
	snprintf(p->zone_name, sizeof(p->zone_name), "%s", name);
	return ERR_OK;
}

enum err_code place_refresh(struct place *p, struct err *e)
{
	bool row;

	if (db_step(p->db, p->first, &row, e) == ERR_OK && row) {
		snprintf(p->country, sizeof(p->country), "%.*s",
			 STR_ARG(db_column(p->first, 1)));
		use_zone(p, db_column(p->first, 0), e);
	}
	sqlite3_reset(p->first);
	return e->code;
}
