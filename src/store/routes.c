/* SPDX-License-Identifier: MIT */
#include "store/routes.h"

#include <stdlib.h>

#include "base/buf.h"
#include "core/route_parse.h"
#include "store/destination.h"
#include "store/setting.h"

enum { TARGETS_MAX = 1023 };

struct route_memory {
	char *event, *min_value;
	int32_t *targets;
};

static struct str keep(char **memory, struct str text)
{
	*memory = strndup(text.p ? text.p : "", text.len);
	if (!*memory)
		abort();
	return str_make(*memory, text.len);
}

/* Everything but the targets; what is parsed borrows from `t`. */
static enum err_code parse(const struct route_text *t, struct route *r, struct err *e)
{
	*r = (struct route){.id = t->id, .priority = (int32_t)t->priority};
	if (t->priority < INT32_MIN || t->priority > INT32_MAX)
		return err_set(e, ERR_USAGE, "a priority is a number from %d to %d",
			       INT32_MIN, INT32_MAX);
	if (route_parse_event(r, t->event, e) || route_parse_country(r, t->country, e) ||
	    route_parse_min_value(r, t->min_value, e) ||
	    route_parse_currency(r, t->currency, e) || route_parse_has(r, t->has, e) ||
	    route_parse_consent(r, t->consent, e) || route_parse_sample(r, t->sample, e))
		return e->code;
	return ERR_OK;
}

static void text_of(sqlite3_stmt *q, struct route_text *t)
{
	*t = (struct route_text){
		.id = sqlite3_column_int64(q, 0),
		.priority = sqlite3_column_int64(q, 1),
		.targets = db_column(q, 2),
		.event = db_column(q, 3),
		.country = db_column(q, 4),
		.min_value = db_column(q, 5),
		.currency = db_column(q, 6),
		.has = db_column(q, 7),
		.consent = db_column(q, 8),
		.sample = db_column(q, 9),
	};
}

static bool is_drop(struct str targets)
{
	return str_ieq(str_trim(targets), STR(ROUTES_DROP));
}

/* The id behind a name; 0 for a destination that is removed or was never there. */
static enum err_code find_target(struct db *db, sqlite3_stmt *find, struct str name,
				 int32_t *id, struct err *e)
{
	bool row;

	sqlite3_reset(find);
	db_bind(find, 1, name);
	if (db_step(db, find, &row, e) == ERR_OK)
		*id = row ? sqlite3_column_int(find, 0) : 0;
	sqlite3_reset(find);
	return e->code;
}

static enum err_code read_targets(struct db *db, sqlite3_stmt *find, struct str list,
				  struct route *r, struct route_memory *m, struct err *e)
{
	struct str name;
	size_t count = 0;

	e->code = ERR_OK;
	if (is_drop(list))
		return ERR_OK;
	m->targets = calloc(list.len + 1, sizeof(*m->targets));
	if (!m->targets)
		abort();
	while (route_next_target(&list, &name))
		if (find_target(db, find, name, &m->targets[count++], e) != ERR_OK)
			return e->code;
	r->targets = m->targets;
	r->target_count = count ? count : 1;
	return ERR_OK;
}

static enum err_code read_route(struct db *db, sqlite3_stmt *q, sqlite3_stmt *find,
				struct routes *out, struct err *e)
{
	struct route_text text;
	struct route_memory m = {0};
	struct route r;

	text_of(q, &text);
	if (parse(&text, &r, e) != ERR_OK) {
		e->code = ERR_CONFIG;
		return err_wrap(e, "route %lld", (long long)text.id);
	}
	out->list = realloc(out->list, (out->count + 1) * sizeof(*out->list));
	out->memory = realloc(out->memory, (out->count + 1) * sizeof(*out->memory));
	if (!out->list || !out->memory)
		abort();
	r.event = keep(&m.event, r.event);
	r.min_value = keep(&m.min_value, r.min_value);
	read_targets(db, find, text.targets, &r, &m, e);
	out->list[out->count] = r;
	out->memory[out->count++] = m;
	return e->code;
}

#define COLUMNS                                                                          \
	"id, priority, targets, event, country, min_value, currency, has, consent, "     \
	"sample"

enum err_code routes_load(struct db *db, struct routes *out, struct err *e)
{
	sqlite3_stmt *q, *find = NULL;
	bool row;

	*out = (struct routes){0};
	if (db_prepare(db, "SELECT " COLUMNS " FROM route", &q, e) != ERR_OK)
		return e->code;
	if (db_prepare(db, "SELECT id FROM destination WHERE name = ?1 AND removed = 0",
		       &find, e) == ERR_OK)
		while (db_step(db, q, &row, e) == ERR_OK && row)
			if (read_route(db, q, find, out, e) != ERR_OK)
				break;
	sqlite3_finalize(find);
	sqlite3_finalize(q);
	if (e->code != ERR_OK)
		routes_free(out);
	else
		route_sort(out->list, out->count);
	return e->code;
}

void routes_free(struct routes *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->memory[i].event);
		free(r->memory[i].min_value);
		free(r->memory[i].targets);
	}
	free(r->memory);
	free(r->list);
	*r = (struct routes){0};
}

/* Written the same way whatever the blanks; every name must be a destination's. */
static enum err_code check_targets(struct db *db, struct str list, struct buf *out,
				   struct err *e)
{
	struct str name;
	size_t count = 0;
	int32_t id;

	if (is_drop(list)) {
		buf_adds(out, STR(ROUTES_DROP));
		return ERR_OK;
	}
	while (route_next_target(&list, &name)) {
		char z[DESTINATION_NAME_MAX + 2];
		size_t len = name.len < sizeof(z) ? name.len : sizeof(z) - 1;

		if (is_drop(name))
			return err_set(e, ERR_USAGE,
				       ROUTES_DROP " stands alone: a route goes to "
						   "NAME[,NAME] or to " ROUTES_DROP);
		memcpy(z, name.p, len);
		z[len] = '\0';
		if (destination_find(db, z, &id, e) != ERR_OK)
			return e->code;
		if (route_has_target(buf_str(out), name))
			return err_set(e, ERR_USAGE, "'%.*s' stands there twice",
				       STR_ARG(name));
		if (count++ > 0)
			buf_addc(out, ',');
		buf_adds(out, name);
	}
	if (count == 0 || count > TARGETS_MAX)
		return err_set(e, ERR_USAGE,
			       "a route goes to NAME[,NAME] or to " ROUTES_DROP);
	return ERR_OK;
}

static void bind(sqlite3_stmt *s, int at, struct str text)
{
	text = str_trim(text);
	db_bind(s, at, text.len ? text : STR_NONE);
}

static enum err_code insert(struct db *db, const struct route_text *t,
			    const struct route *r, struct str targets, struct err *e)
{
	sqlite3_stmt *s;

	if (db_prepare(db,
		       "INSERT INTO route (id, priority, targets, event, country, "
		       "min_value, currency, has, consent, sample) "
		       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		       &s, e) != ERR_OK)
		return e->code;
	db_bind_unless(s, 1, t->id, 0);
	sqlite3_bind_int64(s, 2, t->priority);
	db_bind(s, 3, targets);
	bind(s, 4, t->event);
	bind(s, 5, str_of(r->country));
	bind(s, 6, t->min_value);
	bind(s, 7, str_of(r->currency));
	bind(s, 8, t->has);
	bind(s, 9, t->consent);
	if (r->left_out)
		sqlite3_bind_double(
			s, 10, (double)(ROUTE_PARTS - r->left_out) * 100 / ROUTE_PARTS);
	e->code = db_run(db, s, e);
	sqlite3_finalize(s);
	return e->code;
}

/* Whoever writes "drop half of it" would have all dropped: what is dropped has no share. One that
 * an older convey took is read as ever. */
static enum err_code check_share(const struct route *r, struct str targets, struct err *e)
{
	if (!is_drop(targets) || r->left_out == 0)
		return ERR_OK;
	return err_set(e, ERR_USAGE,
		       "--sample is the share that is sent, and " ROUTES_DROP
		       " sends none: to send a share of what matches, --to NAME --sample "
		       "PERCENT; to drop all of it, no --sample");
}

enum err_code routes_add(struct db *db, const struct route_text *route, int64_t *id,
			 struct err *e)
{
	struct buf targets;
	struct route r;

	buf_init(&targets, 128 * 1024);
	if (parse(route, &r, e) == ERR_OK &&
	    check_share(&r, route->targets, e) == ERR_OK &&
	    check_targets(db, route->targets, &targets, e) == ERR_OK &&
	    insert(db, route, &r, buf_str(&targets), e) == ERR_OK)
		*id = sqlite3_last_insert_rowid(db->handle);
	buf_fini(&targets);
	return e->code ? e->code : config_bump(db, e);
}

enum err_code routes_remove(struct db *db, int64_t id, struct err *e)
{
	sqlite3_stmt *s;

	if (db_prepare(db, "DELETE FROM route WHERE id = ?1", &s, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(s, 1, id);
	e->code = db_run(db, s, e);
	sqlite3_finalize(s);
	if (e->code)
		return e->code;
	if (sqlite3_changes(db->handle) == 0)
		return err_set(e, ERR_NOINPUT,
			       "there is no route %lld; see: convey route list",
			       (long long)id);
	return config_bump(db, e);
}

enum err_code routes_clear(struct db *db, struct err *e)
{
	if (db_exec(db, "DELETE FROM route", e) != ERR_OK)
		return e->code;
	return config_bump(db, e);
}

enum err_code routes_rows(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(out, db, "SELECT " COLUMNS " FROM route ORDER BY priority, id",
			 e);
}
