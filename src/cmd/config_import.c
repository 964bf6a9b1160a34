/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/config_file.h"
#include "store/destination.h"
#include "store/map.h"
#include "store/revocation.h"
#include "store/routes.h"
#include "store/setting.h"

enum { FORMAT = 1, SETTINGS_MAX = 32, WORD_MAX = 64 };

static enum err_code unread(const char *path, int failed, const json_error_t *wrong,
			    struct err *e)
{
	if (failed == EISDIR)
		return err_set(e, ERR_NOINPUT, "'%s' is a folder", path);
	if (failed)
		return err_set(e, ERR_IO, "read '%s': %s", path, strerror(failed));
	if (wrong->position == 0)
		return err_set(e, ERR_DATA, "'%s' is empty", path);
	return err_set(e, ERR_DATA, "'%s', line %d: %s", path, wrong->line, wrong->text);
}

enum err_code config_file_read(const char *path, json_t **out, struct err *e)
{
	bool in = strcmp(path, "-") == 0;
	FILE *file = in ? stdin : fopen(path, "re");
	json_error_t wrong;
	json_t *json;
	int failed;

	if (!file)
		return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "'%s': %s",
			       path, strerror(errno));
	json = json_loadf(file, JSON_REJECT_DUPLICATES, &wrong);
	failed = ferror(file) ? errno : 0;
	if (!in)
		fclose(file);
	if (!json)
		return unread(path, failed, &wrong, e);
	e->code = ERR_OK;
	*out = json;
	return ERR_OK;
}

static enum err_code must_be_object(const json_t *value, const char *path, struct err *e)
{
	if (!json_is_object(value))
		return err_set(e, ERR_DATA, "%s: it must be an object", path);
	e->code = ERR_OK;
	return ERR_OK;
}

/* A text, a number or a switch as the command line would have it, in `room` where it is made;
 * NULL for anything else. */
static const char *word_of(const json_t *value, char room[WORD_MAX])
{
	switch (json_typeof(value)) {
	case JSON_STRING: return json_string_value(value);
	case JSON_TRUE: return "1";
	case JSON_FALSE: return "0";
	case JSON_INTEGER:
		snprintf(room, WORD_MAX, "%lld", (long long)json_integer_value(value));
		return room;
	case JSON_REAL:
		snprintf(room, WORD_MAX, "%.15g", json_real_value(value));
		return room;
	default: return NULL;
	}
}

/* What the store refuses is the file's fault, not the command line's. */
static enum err_code blame(struct err *e, const char *path, const char *name,
			   const char *key)
{
	if (e->code == ERR_USAGE || e->code == ERR_NOINPUT)
		e->code = ERR_DATA;
	return e->code ? err_wrap(e, "%s%s%.80s%s%.80s", path, name[0] ? "." : "", name,
				  key[0] ? "." : "", key)
		       : ERR_OK;
}

static enum err_code put_events(struct db *db, const json_t *events, int32_t id,
				const char *path, struct err *e)
{
	const char *event;
	json_t *value;

	if (must_be_object(events, path, e) != ERR_OK)
		return e->code;
	json_object_foreach((json_t *)events, event, value)
	{
		if (!json_is_string(value))
			return err_set(e, ERR_DATA, "%s.%.80s: it must be a text", path,
				       event);
		if (map_set(db, event, json_string_value(value), id, e) != ERR_OK)
			return blame(e, path, event, "");
	}
	return ERR_OK;
}

static bool is_known(const json_t *file, const char *section, const char *name)
{
	return json_object_get(json_object_get(file, section), name) != NULL;
}

/* The destination's name, "" for all of them. */
static bool keeps_event(const json_t *file, const char *event, const char *destination)
{
	const json_t *owner = file;

	if (destination[0])
		owner = json_object_get(json_object_get(file, "destinations"),
					destination);
	if (!json_object_get(owner, "events"))
		return true;
	return is_known(owner, "events", event);
}

/* The first row of the map that the file does not have; its names in `event` and
 * `destination`. */
static enum err_code find_stale(struct db *db, const json_t *file, char event[256],
				char destination[DESTINATION_NAME_MAX + 1], bool *found,
				struct err *e)
{
	struct rows rows;
	bool row;

	*found = false;
	if (map_list(db, &rows, e) != ERR_OK)
		return e->code;
	while (!*found && rows_next(&rows, &row, e) == ERR_OK && row) {
		snprintf(event, 256, "%.*s", STR_ARG(rows_text(&rows, 0)));
		snprintf(destination, DESTINATION_NAME_MAX + 1, "%.*s",
			 STR_ARG(rows_text(&rows, 2)));
		*found = !keeps_event(file, event, destination);
	}
	rows_close(&rows);
	return e->code;
}

static enum err_code remove_events(struct db *db, const json_t *file, struct err *e)
{
	char event[256], destination[DESTINATION_NAME_MAX + 1];
	bool found = true;
	int32_t id;

	while (find_stale(db, file, event, destination, &found, e) == ERR_OK && found) {
		id = 0;
		if ((destination[0] &&
		     destination_find(db, destination, &id, e) != ERR_OK) ||
		    map_remove(db, event, id, e) != ERR_OK)
			return e->code;
	}
	return e->code;
}

/* The settings as given; what is no setting is left for the caller. */
static enum err_code collect(const json_t *object, const char *name,
			     struct destination_setting out[SETTINGS_MAX],
			     char rooms[SETTINGS_MAX][WORD_MAX], size_t *count,
			     struct err *e)
{
	const char *key;
	json_t *value;

	*count = 0;
	json_object_foreach((json_t *)object, key, value)
	{
		if (strcmp(key, "events") == 0 || strcmp(key, "paused") == 0)
			continue;
		if (*count == SETTINGS_MAX)
			return err_set(e, ERR_DATA,
				       "destinations.%.63s: too many settings", name);
		out[*count].name = key;
		out[*count].value = word_of(value, rooms[*count]);
		if (!out[*count].value)
			return err_set(e, ERR_DATA,
				       "destinations.%.63s.%.63s: it must be a text, a "
				       "number or true or false",
				       name, key);
		++*count;
	}
	return ERR_OK;
}

static enum err_code make_destination(struct db *db, const char *name,
				      const json_t *object,
				      const struct destination_setting *given,
				      size_t count, int32_t *id, struct err *e)
{
	if (destination_find(db, name, id, e) == ERR_OK)
		return count ? destination_set(db, *id, given, count, e) : ERR_OK;
	if (e->code != ERR_NOINPUT)
		return e->code;
	if (!json_object_get(object, "source") || !json_object_get(object, "id"))
		return err_set(e, ERR_DATA, "it needs source and id");
	if (destination_add(db, name, given, count, e) != ERR_OK)
		return e->code;
	return destination_find(db, name, id, e);
}

static enum err_code put_destination(struct db *db, const char *name,
				     const json_t *object, struct err *e)
{
	struct destination_setting given[SETTINGS_MAX];
	char rooms[SETTINGS_MAX][WORD_MAX];
	json_t *paused = json_object_get(object, "paused");
	size_t count;
	int32_t id = 0;

	if (!json_is_object(object))
		return err_set(e, ERR_DATA, "destinations.%.63s: it must be an object",
			       name);
	if (collect(object, name, given, rooms, &count, e) != ERR_OK)
		return e->code;
	if (make_destination(db, name, object, given, count, &id, e) != ERR_OK)
		return blame(e, "destinations", name, "");
	if (paused && !json_is_boolean(paused))
		return err_set(e, ERR_DATA,
			       "destinations.%.63s.paused: it must be true or false",
			       name);
	if (paused && destination_pause(db, id, json_is_true(paused), e) != ERR_OK)
		return e->code;
	return ERR_OK;
}

static enum err_code put_own_events(struct db *db, const char *name, const json_t *object,
				    struct err *e)
{
	json_t *events = json_object_get(object, "events");
	char path[128];
	int32_t id;

	if (!events || destination_find(db, name, &id, e) != ERR_OK)
		return e->code;
	snprintf(path, sizeof(path), "destinations.%s.events", name);
	return put_events(db, events, id, path, e);
}

/* The first destination that the file does not name. */
static enum err_code find_unnamed(struct db *db, const json_t *named,
				  char name[DESTINATION_NAME_MAX + 1], bool *found,
				  struct err *e)
{
	struct rows rows;
	bool row;

	*found = false;
	if (destination_rows(db, 0, &rows, e) != ERR_OK)
		return e->code;
	while (!*found && rows_next(&rows, &row, e) == ERR_OK && row) {
		snprintf(name, DESTINATION_NAME_MAX + 1, "%.*s",
			 STR_ARG(rows_text(&rows, 0)));
		*found = !json_object_get(named, name);
	}
	rows_close(&rows);
	return e->code;
}

/* TikTok is to forget its token too. */
static enum err_code remove_unnamed(struct db *db, const struct vault *vault,
				    const char *name, bool *noted, struct err *e)
{
	bool one = false;
	int32_t id;

	if (destination_find(db, name, &id, e) != ERR_OK ||
	    revocation_note(db, vault, id, clock_wall_ms(), &one, e) != ERR_OK ||
	    destination_remove(db, id, e) != ERR_OK)
		return err_wrap(e, "'%s', which the file does not name", name);
	*noted |= one;
	return ERR_OK;
}

static enum err_code put_destinations(struct db *db, const struct vault *vault,
				      const json_t *all, bool *noted, struct err *e)
{
	char unnamed[DESTINATION_NAME_MAX + 1];
	const char *name;
	bool found = true;
	json_t *object;

	if (must_be_object(all, "destinations", e) != ERR_OK)
		return e->code;
	json_object_foreach((json_t *)all, name, object)
	{
		if (put_destination(db, name, object, e) != ERR_OK ||
		    put_own_events(db, name, object, e) != ERR_OK)
			return e->code;
	}
	while (find_unnamed(db, all, unnamed, &found, e) == ERR_OK && found)
		if (remove_unnamed(db, vault, unnamed, noted, e) != ERR_OK)
			return e->code;
	return e->code;
}

/* One condition; false for a key that is none. */
static bool read_condition(struct route_text *t, const char *key, struct str text)
{
	const struct {
		const char *key;
		struct str *into;
	} keys[] = {
		{"to", &t->targets},        {"event", &t->event},
		{"country", &t->country},   {"min-value", &t->min_value},
		{"currency", &t->currency}, {"has", &t->has},
		{"consent", &t->consent},   {"sample", &t->sample},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, key) == 0) {
			*keys[i].into = text;
			return true;
		}
	}
	return false;
}

static enum err_code read_key(struct route_text *t, const char *key, const json_t *value,
			      char room[WORD_MAX], struct err *e)
{
	bool is_id = strcmp(key, "id") == 0;
	const char *word;

	if (is_id || strcmp(key, "priority") == 0) {
		if (!json_is_integer(value) || (is_id && json_integer_value(value) < 1))
			return err_set(e, ERR_DATA, "it must be a whole number");
		*(is_id ? &t->id : &t->priority) = json_integer_value(value);
		return ERR_OK;
	}
	word = json_is_boolean(value) ? NULL : word_of(value, room);
	if (!word)
		return err_set(e, ERR_DATA, "it must be a text or a number");
	/* A condition that is given and empty was meant to be one. */
	if (str_trim(str_of(word)).len == 0)
		return err_set(e, ERR_DATA, "it is empty; leave it out");
	if (!read_condition(t, key, str_of(word)))
		return err_set(e, ERR_DATA, "a route has no such key");
	return ERR_OK;
}

static enum err_code put_route(struct db *db, const json_t *route, const char *path,
			       struct err *e)
{
	struct route_text text = {0};
	char rooms[16][WORD_MAX];
	const char *key;
	json_t *value;
	int64_t id;
	int room = 0;

	if (must_be_object(route, path, e) != ERR_OK)
		return e->code;
	json_object_foreach((json_t *)route, key, value)
	{
		if (read_key(&text, key, value, rooms[room], e) != ERR_OK)
			return blame(e, path, "", key);
		room = room < 15 ? room + 1 : room;
	}
	if (routes_add(db, &text, &id, e) != ERR_OK)
		return blame(e, path, "", "");
	return ERR_OK;
}

static bool has_id_twice(const json_t *routes, size_t at)
{
	json_t *id = json_object_get(json_array_get(routes, at), "id");

	for (size_t i = 0; id && i < at; i++)
		if (json_equal(id, json_object_get(json_array_get(routes, i), "id")))
			return true;
	return false;
}

/* Routes with an id first: those without take the next free one. */
static enum err_code put_routes(struct db *db, const json_t *routes, struct err *e)
{
	char path[64];

	if (!json_is_array(routes))
		return err_set(e, ERR_DATA, "routes: it must be an array");
	if (routes_clear(db, e) != ERR_OK)
		return e->code;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < json_array_size(routes); i++) {
			json_t *route = json_array_get(routes, i);

			snprintf(path, sizeof(path), "routes[%zu]", i);
			if (has_id_twice(routes, i))
				return err_set(e, ERR_DATA, "%s.id: it is another's",
					       path);
			if ((json_object_get(route, "id") == NULL) == (pass == 1) &&
			    put_route(db, route, path, e) != ERR_OK)
				return e->code;
		}
	}
	return ERR_OK;
}

static enum err_code check_sections(const json_t *file, struct err *e)
{
	static const char *const known[] = {"format", "destinations", "events", "routes"};
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)file, key, value)
	{
		size_t i = 0;

		while (i < 4 && strcmp(known[i], key) != 0)
			i++;
		if (i == 4)
			return err_set(e, ERR_DATA, "%.100s: there is no such section",
				       key);
	}
	if (json_integer_value(json_object_get(file, "format")) != FORMAT)
		return err_set(e, ERR_DATA, "format: it must be %d", FORMAT);
	return ERR_OK;
}

enum err_code config_file_import(struct db *db, const struct vault *vault,
				 const json_t *file, bool *noted, struct err *e)
{
	json_t *destinations = json_object_get(file, "destinations");
	json_t *events = json_object_get(file, "events");
	json_t *routes = json_object_get(file, "routes");

	*noted = false;
	if (must_be_object(file, "the file", e) != ERR_OK ||
	    check_sections(file, e) != ERR_OK ||
	    (destinations &&
	     put_destinations(db, vault, destinations, noted, e) != ERR_OK) ||
	    (events && put_events(db, events, 0, "events", e) != ERR_OK) ||
	    remove_events(db, file, e) != ERR_OK ||
	    (routes && put_routes(db, routes, e) != ERR_OK))
		return e->code;
	return config_bump(db, e);
}
