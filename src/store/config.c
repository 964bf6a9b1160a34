/* SPDX-License-Identifier: MIT */
#include "store/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "core/attribution.h"
#include "core/json_string.h"
#include "core/time_zone.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

static void copy(char *out, size_t cap, struct str text)
{
	snprintf(out, cap, "%.*s", STR_ARG(text));
}

static enum err_code read_destination(sqlite3_stmt *q, struct destination_config *d,
				      struct err *e)
{
	struct destination_rules *r = &d->rules;

	*d = (struct destination_config){
		.rules = {.id = sqlite3_column_int(q, 0),
			  .pii_hashed = !str_eq(db_column(q, 5), STR("none")),
			  .click_window_days = sqlite3_column_int(q, 8),
			  .view_window_days = sqlite3_column_int(q, 9),
			  .consent_strict = sqlite3_column_int(q, 15) != 0},
		.batch = sqlite3_column_int(q, 13),
		.requests_per_second = sqlite3_column_double(q, 14),
		.paused = sqlite3_column_int(q, 16) != 0,
		.reason = sqlite3_column_int(q, 17),
		.blocked_until_ms = sqlite3_column_int64(q, 18),
		.cancelled_through = sqlite3_column_int64(q, 19),
	};
	copy(r->name, sizeof(r->name), db_column(q, 1));
	copy(r->pixel_id, sizeof(r->pixel_id), db_column(q, 3));
	copy(r->zone_name, sizeof(r->zone_name), db_column(q, 4));
	copy(r->default_country, sizeof(r->default_country), db_column(q, 10));
	copy(r->default_url, sizeof(r->default_url), db_column(q, 11));
	copy(r->test_event_code, sizeof(r->test_event_code), db_column(q, 12));
	if (!source_of_word(db_column(q, 2), &r->source) ||
	    !deliver_of_word(db_column(q, 6), &r->deliver) ||
	    !model_of_word(db_column(q, 7), &r->model))
		return err_set(e, ERR_CONFIG,
			       "destination '%s': unknown source, deliver or model",
			       r->name);
	/* They stand in front of every event. */
	if (!json_can_say(str_of(r->pixel_id)) ||
	    !json_can_say(str_of(r->test_event_code)))
		return err_set(e, ERR_CONFIG,
			       "destination '%s': its id or test_event_code is no UTF-8",
			       r->name);
	if (d->batch < 1 || d->batch > 1000)
		d->batch = 1000;
	r->zone = zone_open(r->zone_name, e);
	return r->zone ? ERR_OK : err_wrap(e, "destination '%s'", r->name);
}

static enum err_code read_destinations(struct db *db, struct config *c, struct err *e)
{
	sqlite3_stmt *q;
	char zone[128] = ""; /* the first one's */
	bool row;

	if (db_prepare(
		    db,
		    "SELECT id, name, source, pixel_id, timezone, pii, deliver, model, "
		    "click_window, view_window, default_country, default_url, "
		    "test_event_code, batch, requests_per_second, consent_strict, "
		    "paused, "
		    "reason, blocked_until, cancelled_through FROM destination "
		    "WHERE removed = 0 AND id BETWEEN 1 AND 1023 ORDER BY id",
		    &q, e) != ERR_OK)
		return e->code;
	while (db_step(db, q, &row, e) == ERR_OK && row) {
		c->destinations = realloc(c->destinations,
					  (c->count + 1) * sizeof(*c->destinations));
		if (!c->destinations)
			abort();
		if (c->count == 0)
			copy(zone, sizeof(zone), db_column(q, 4));
		c->zones_differ |= !str_eq(db_column(q, 4), str_of(zone));
		if (read_destination(q, &c->destinations[c->count], e) != ERR_OK)
			break;
		c->count++;
	}
	sqlite3_finalize(q);
	return e->code;
}

struct map_rows {
	struct event_map_row *rows;
	size_t count;
	struct buf text;
};

/* Offsets first: the text moves while it grows. */
static struct str keep(struct map_rows *r, struct str s)
{
	struct str at = {(const char *)NULL + r->text.len, s.len};

	buf_adds(&r->text, s);
	return at;
}

static enum err_code read_rows(struct db *db, const char *sql, struct map_rows *r,
			       struct err *e)
{
	sqlite3_stmt *q;
	bool row;

	if (db_prepare(db, sql, &q, e) != ERR_OK)
		return e->code;
	while (db_step(db, q, &row, e) == ERR_OK && row) {
		r->rows = realloc(r->rows, (r->count + 1) * sizeof(*r->rows));
		if (!r->rows)
			abort();
		r->rows[r->count].event = keep(r, db_column(q, 0));
		r->rows[r->count].destination_id = sqlite3_column_int(q, 1);
		r->rows[r->count].tiktok_event = keep(r, db_column(q, 2));
		r->rows[r->count].name_id = sqlite3_column_int64(q, 3);
		/* No event can have another name. */
		r->count += json_can_say(db_column(q, 2));
	}
	sqlite3_finalize(q);
	return e->code;
}

static void settle_rows(struct map_rows *r)
{
	for (size_t i = 0; i < r->count; i++) {
		r->rows[i].event.p =
			r->text.p + (r->rows[i].event.p - (const char *)NULL);
		r->rows[i].tiktok_event.p =
			r->text.p + (r->rows[i].tiktok_event.p - (const char *)NULL);
	}
}

enum err_code config_load_map(struct db *db, struct event_map **out, struct err *e)
{
	struct map_rows map = {0};

	buf_init(&map.text, TEXT_MAX);
	if (read_rows(db,
		      "SELECT m.event, m.destination_id, n.name, m.name_id FROM "
		      "event_map m "
		      "JOIN event_name n ON n.id = m.name_id",
		      &map, e) == ERR_OK) {
		settle_rows(&map);
		*out = event_map_new(map.rows, map.count);
	}
	free(map.rows);
	buf_fini(&map.text);
	return e->code;
}

static enum err_code read_map(struct db *db, struct config *c, struct err *e)
{
	struct map_rows names = {0};

	buf_init(&names.text, TEXT_MAX);
	if (config_load_map(db, &c->map, e) == ERR_OK &&
	    read_rows(db, "SELECT '', 0, name, id FROM event_name", &names, e) ==
		    ERR_OK) {
		settle_rows(&names);
		c->names = names.rows;
		c->names_count = names.count;
		c->text = names.text.p;
		names.rows = NULL;
		buf_init(&names.text, TEXT_MAX);
	}
	free(names.rows);
	buf_fini(&names.text);
	return e->code;
}

enum err_code config_version(struct db *db, int64_t *out, struct err *e)
{
	return db_int(db, "SELECT value FROM setting WHERE name = 'config_version'", 0,
		      out, e);
}

enum err_code config_load(struct db *db, struct config **out, struct err *e)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	e->code = ERR_OK;
	if (config_version(db, &c->version, e) != ERR_OK ||
	    read_destinations(db, c, e) != ERR_OK || read_map(db, c, e) != ERR_OK ||
	    routes_load(db, &c->routes, e) != ERR_OK) {
		config_free(c);
		return e->code;
	}
	*out = c;
	return ERR_OK;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->count; i++)
		zone_free(config->destinations[i].rules.zone);
	event_map_free(config->map);
	routes_free(&config->routes);
	free(config->destinations);
	free(config->names);
	free(config->text);
	free(config);
}

const struct destination_config *config_destination(const struct config *config,
						    int32_t id)
{
	for (size_t i = 0; i < config->count; i++)
		if (config->destinations[i].rules.id == id)
			return &config->destinations[i];
	return NULL;
}

int64_t config_name_id(const struct config *config, struct str tiktok_event)
{
	for (size_t i = 0; i < config->names_count; i++)
		if (str_eq(config->names[i].tiktok_event, tiktok_event))
			return config->names[i].name_id;
	return 0;
}

const char *config_country(const struct config *config)
{
	for (size_t i = 0; i < config->count; i++)
		if (config->destinations[i].rules.default_country[0])
			return config->destinations[i].rules.default_country;
	return "";
}
