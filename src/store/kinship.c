/* SPDX-License-Identifier: MIT */
#include "store/kinship.h"

#include "store/setting.h"

static const char *const indexed[] = {NULL, "visit_indexed", "consent_indexed",
				      "outbox_indexed"};

enum err_code kinship_indexed(struct db *db, struct kinship_cursors *out, struct err *e)
{
	e->code = ERR_OK;
	for (int i = IDENTITY_VISIT; i <= IDENTITY_CONVERSION && e->code == ERR_OK; i++)
		e->code = setting_int(db, indexed[i], 0, &out->row[i], e);
	return e->code;
}

enum err_code kinship_set_indexed(struct db *db, const struct kinship_cursors *c,
				  struct err *e)
{
	e->code = ERR_OK;
	for (int i = IDENTITY_VISIT; i <= IDENTITY_CONVERSION && e->code == ERR_OK; i++)
		e->code = setting_set_int(db, indexed[i], c->row[i], e);
	return e->code;
}

enum err_code kinship_read_upto(struct db *db, struct kinship_cursors *out, struct err *e)
{
	if (setting_int(db, "visit_cursor", 0, &out->row[IDENTITY_VISIT], e) != ERR_OK ||
	    setting_int(db, "consent_cursor", 0, &out->row[IDENTITY_CONSENT], e) !=
		    ERR_OK)
		return e->code;
	return db_int(db, "SELECT cursor FROM queue", 0, &out->row[IDENTITY_CONVERSION],
		      e);
}

static void put_sighting(void *arg, const struct sighting *seen)
{
	struct kin *out = arg;

	kin_put_row(out, &seen->ids, NULL, seen->at_s, seen->row_id, seen->source);
}

enum err_code kinship_rebuild(struct db *db, const struct kinship_cursors *from,
			      const struct kinship_cursors *upto, struct kin *out,
			      struct err *e)
{
	struct sighting_reader reader;

	if (sighting_open(&reader, db, e) != ERR_OK)
		return e->code;
	if (sighting_refresh(&reader, e) == ERR_OK)
		for (int i = IDENTITY_VISIT;
		     i <= IDENTITY_CONVERSION && e->code == ERR_OK; i++)
			e->code = sighting_range(&reader, (enum identity_source)i,
						 from->row[i], upto->row[i], put_sighting,
						 out, e);
	sighting_close(&reader);
	return e->code;
}

enum err_code kinship_open(struct kinship *k, struct db *db, struct err *e)
{
	struct kinship_cursors from, upto;

	*k = (struct kinship){.appended = 0};
	pthread_mutex_init(&k->lock, NULL);
	run_filters_init(&k->filters);
	if (kinship_indexed(db, &from, e) != ERR_OK ||
	    kinship_read_upto(db, &upto, e) != ERR_OK ||
	    kinship_rebuild(db, &from, &upto, &k->recent, e) != ERR_OK) {
		kinship_close(k);
		return e->code;
	}
	k->appended = (int64_t)k->recent.count;
	return ERR_OK;
}

void kinship_close(struct kinship *k)
{
	kin_fini(&k->recent);
	kin_fini(&k->moved);
	run_filters_fini(&k->filters);
	pthread_mutex_destroy(&k->lock);
}

static size_t copy(const struct kin *from, uint64_t node, struct kin_edge *out,
		   size_t max)
{
	size_t n = 0;

	for (uint32_t at = kin_first(from, node); at && n < max; at = kin_next(from, at))
		out[n++] = *kin_at(from, at);
	return n;
}

size_t kinship_of(struct kinship *k, uint64_t node, struct kin_edge *out, size_t max)
{
	size_t n;

	pthread_mutex_lock(&k->lock);
	n = copy(&k->recent, node, out, max);
	n += copy(&k->moved, node, out + n, max - n);
	pthread_mutex_unlock(&k->lock);
	return n;
}

bool kinship_pair(struct kinship *k, uint64_t a, uint64_t b, int64_t at_s)
{
	bool found;

	pthread_mutex_lock(&k->lock);
	found = kin_has(&k->recent, a, b, at_s) || kin_has(&k->moved, a, b, at_s);
	pthread_mutex_unlock(&k->lock);
	return found;
}

bool kinship_any(struct kinship *k)
{
	bool any;

	pthread_mutex_lock(&k->lock);
	any = k->recent.count + k->moved.count > 0;
	pthread_mutex_unlock(&k->lock);
	return any;
}

int64_t kinship_mark(struct kinship *k)
{
	int64_t mark;

	pthread_mutex_lock(&k->lock);
	mark = k->appended;
	pthread_mutex_unlock(&k->lock);
	return mark;
}

static bool gained(const struct kin *kin, int64_t from, int64_t first_id,
		   const struct met *met)
{
	size_t first = from > 0 ? (size_t)from : 0;

	return first < kin->count &&
	       met_gains_any(met, &kin->edges[first], kin->count - first, first_id);
}

bool kinship_gained(struct kinship *k, int64_t mark, int64_t first_id,
		    const struct met *met)
{
	int64_t recent, moved;
	bool found;

	pthread_mutex_lock(&k->lock);
	recent = k->appended - (int64_t)k->recent.count;
	moved = recent - (int64_t)k->moved.count;
	found = gained(&k->recent, mark - recent, first_id, met) ||
		(mark < recent && gained(&k->moved, mark - moved, first_id, met));
	pthread_mutex_unlock(&k->lock);
	return found;
}

void kinship_append(struct kinship *k, const struct kin *edges)
{
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < edges->count; i++)
		kin_put(&k->recent, &edges->edges[i]);
	k->appended += (int64_t)edges->count;
	pthread_mutex_unlock(&k->lock);
}

/* Nobody's snapshot is as old as the last move: many loads came between. */
void kinship_move(struct kinship *k)
{
	struct kin old;

	pthread_mutex_lock(&k->lock);
	old = k->moved;
	k->moved = k->recent;
	k->recent = old;
	kin_clear(&k->recent);
	pthread_mutex_unlock(&k->lock);
}

void kinship_replace(struct kinship *k, struct kin *edges)
{
	struct kin old;

	pthread_mutex_lock(&k->lock);
	old = k->recent;
	k->recent = *edges;
	*edges = old;
	kin_clear(&k->moved);
	pthread_mutex_unlock(&k->lock);
}
