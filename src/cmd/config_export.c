/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/config_file.h"
#include "cmd/output.h"
#include "core/country.h"
#include "core/route_parse.h"
#include "store/destination.h"
#include "store/map.h"
#include "store/routes.h"

enum { FORMAT = 1 };

static json_t *text_of(const struct rows *rows, int column)
{
	return output_json_text(rows_text(rows, column));
}

/* A number that is whole has no point. */
static json_t *number_of(const struct rows *rows, int column)
{
	double value = rows_real(rows, column);

	if (value >= 0 && value <= 1e9 && value == (double)(int64_t)value)
		return json_integer((json_int_t)value);
	return json_real(value);
}

/* Columns of destination_rows and their keys; what is not a setting is left out. */
static const struct {
	const char *column, *key;
	enum kind { TEXT, NUMBER, SWITCH, COUNTRY } kind;
} settings[] = {
	{"source", "source", TEXT},
	{"pixel_id", "id", TEXT},
	{"timezone", "timezone", TEXT},
	{"pii", "pii", TEXT},
	{"deliver", "deliver", TEXT},
	{"model", "model", TEXT},
	{"click_window", "click-window", NUMBER},
	{"view_window", "view-window", NUMBER},
	{"default_country", "default-country", COUNTRY},
	{"default_url", "default-url", TEXT},
	{"test_event_code", "test-event-code", TEXT},
	{"batch", "batch", NUMBER},
	{"requests_per_second", "requests-per-second", NUMBER},
	{"consent_strict", "consent-strict", SWITCH},
};

/* An older convey took any two letters. No number is read in what is no country's code, and an import
 * would refuse it. */
static json_t *country_of(const struct rows *rows, int column)
{
	char own[3];

	return output_json_text(str_of(country_code(rows_text(rows, column), own)));
}

static json_t *value_of(const struct rows *rows, int column, enum kind kind)
{
	switch (kind) {
	case TEXT: return text_of(rows, column);
	case NUMBER: return number_of(rows, column);
	case SWITCH: return json_boolean(rows_int(rows, column));
	case COUNTRY: return country_of(rows, column);
	}
	return NULL;
}

static void add_setting(json_t *object, const struct rows *rows, int column)
{
	const char *name = rows_name(rows, column);

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].column, name) == 0)
			json_object_set_new(object, settings[i].key,
					    value_of(rows, column, settings[i].kind));
}

static json_t *destination_of(const struct rows *rows)
{
	json_t *object = json_object();

	for (int i = 1; i < rows_columns(rows); i++) {
		if (strcmp(rows_name(rows, i), "state") == 0)
			json_object_set_new(
				object, "paused",
				json_boolean(str_eq(rows_text(rows, i), STR("paused"))));
		else
			add_setting(object, rows, i);
	}
	return object;
}

static void set_named(json_t *object, struct str name, json_t *value)
{
	char key[256];

	snprintf(key, sizeof(key), "%.*s", STR_ARG(name));
	json_object_set_new(object, key, value);
}

static void add_destination(json_t *file, const struct rows *rows)
{
	set_named(json_object_get(file, "destinations"), rows_text(rows, 0),
		  destination_of(rows));
}

static void add_event(json_t *file, const struct rows *rows)
{
	json_t *owner = file, *events;
	char name[DESTINATION_NAME_MAX + 1];

	if (rows_type(rows, 2) != ROWS_NULL) {
		snprintf(name, sizeof(name), "%.*s", STR_ARG(rows_text(rows, 2)));
		owner = json_object_get(json_object_get(file, "destinations"), name);
	}
	events = json_object_get(owner, "events");
	if (!events) {
		events = json_object();
		json_object_set_new(owner, "events", events);
	}
	set_named(events, rows_text(rows, 0), text_of(rows, 1));
}

/* Without destinations that were removed, or that an older convey took twice, which an import would
 * refuse. A route that has only removed ones sends nothing, like one that drops. */
static json_t *targets_of(const json_t *file, struct str list)
{
	const json_t *known = json_object_get(file, "destinations");
	char key[DESTINATION_NAME_MAX + 1];
	struct str name;
	struct buf out;
	json_t *text;

	buf_init(&out, list.len + sizeof(ROUTES_DROP));
	while (route_next_target(&list, &name)) {
		snprintf(key, sizeof(key), "%.*s", STR_ARG(name));
		if (json_object_get(known, key) && !route_has_target(buf_str(&out), name))
			buf_addf(&out, "%s%s", out.len ? "," : "", key);
	}
	text = output_json_text(out.len ? buf_str(&out) : STR(ROUTES_DROP));
	buf_fini(&out);
	return text;
}

/* The columns of routes_rows behind id, priority and targets are keys but for a dash. A share of
 * what is dropped means nothing, and an import would refuse it. */
static void add_route(json_t *file, const struct rows *rows)
{
	json_t *route = json_pack("{s:I, s:I, s:o}", "id", (json_int_t)rows_int(rows, 0),
				  "priority", (json_int_t)rows_int(rows, 1), "to",
				  targets_of(file, rows_text(rows, 2)));
	const char *to = json_string_value(json_object_get(route, "to"));
	bool drops = to && strcmp(to, ROUTES_DROP) == 0;

	for (int i = 3; i < rows_columns(rows); i++) {
		const char *name = rows_name(rows, i);

		if (rows_type(rows, i) == ROWS_NULL ||
		    (drops && strcmp(name, "sample") == 0))
			continue;
		json_object_set_new(route,
				    strcmp(name, "min_value") == 0 ? "min-value" : name,
				    rows_type(rows, i) == ROWS_REAL ? number_of(rows, i)
								    : text_of(rows, i));
	}
	json_array_append_new(json_object_get(file, "routes"), route);
}

static enum err_code add_all(json_t *file, struct rows *rows,
			     void (*add)(json_t *file, const struct rows *rows),
			     struct err *e)
{
	bool row;

	while (rows_next(rows, &row, e) == ERR_OK && row)
		add(file, rows);
	rows_close(rows);
	return e->code;
}

enum err_code config_file_export(struct db *db, json_t **out, struct err *e)
{
	json_t *file = json_pack("{s:i, s:{}, s:{}, s:[]}", "format", FORMAT,
				 "destinations", "events", "routes");
	struct rows rows;

	if (destination_rows(db, 0, &rows, e) == ERR_OK &&
	    add_all(file, &rows, add_destination, e) == ERR_OK &&
	    map_list(db, &rows, e) == ERR_OK &&
	    add_all(file, &rows, add_event, e) == ERR_OK &&
	    routes_rows(db, &rows, e) == ERR_OK &&
	    add_all(file, &rows, add_route, e) == ERR_OK)
		*out = file;
	else
		json_decref(file);
	return e->code;
}

static void add_difference(json_t *out, const char *path, const json_t *before,
			   const json_t *after)
{
	json_array_append_new(out, json_pack("{s:s, s:O?, s:O?}", "path", path, "before",
					     before, "after", after));
}

/* Routes are told apart by their ids. */
static json_t *keyed(const json_t *value)
{
	json_t *object, *item;
	size_t i;
	char key[32];

	if (!json_is_array(value))
		return json_incref((json_t *)value);
	object = json_object();
	json_array_foreach((json_t *)value, i, item)
	{
		snprintf(key, sizeof(key), "%lld",
			 (long long)json_integer_value(json_object_get(item, "id")));
		json_object_set(object, key, item);
	}
	return object;
}

static void compare(json_t *out, const char *path, const json_t *before,
		    const json_t *after)
{
	json_t *old = keyed(before), *new = keyed(after), *value;
	const char *key;
	char inner[512];

	if (!json_is_object(old) || !json_is_object(new)) {
		if (!old || !new || !json_equal(old, new))
			add_difference(out, path, before, after);
	} else {
		json_object_foreach(old, key, value)
		{
			snprintf(inner, sizeof(inner), "%s%s%s", path, path[0] ? "." : "",
				 key);
			compare(out, inner, value, json_object_get(new, key));
		}
		json_object_foreach(new, key, value)
		{
			snprintf(inner, sizeof(inner), "%s%s%s", path, path[0] ? "." : "",
				 key);
			if (!json_object_get(old, key))
				add_difference(out, inner, NULL, value);
		}
	}
	json_decref(old);
	json_decref(new);
}

json_t *config_file_difference(const json_t *before, const json_t *after)
{
	json_t *out = json_array();

	compare(out, "", before, after);
	return out;
}
