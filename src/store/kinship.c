/* SPDX-License-Identifier: MIT */
#include "store/kinship.h"

#include <stdlib.h>

enum {
	FILTER_BITS_MIN = 1 << 22, /* half a MiB: a quarter of a million nodes */
	FILTER_BITS_MAX = 1 << 25,
	BITS_A_ROW = 48, /* three nodes of 16 bits */
};

static void put_uint(struct buf *b, uint64_t n)
{
	while (n >= 0x80) {
		buf_addc(b, (char)(n | 0x80));
		n >>= 7;
	}
	buf_addc(b, (char)n);
}

static void put_int(struct buf *b, int64_t n)
{
	put_uint(b, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static bool take_uint(struct str *s, uint64_t *out)
{
	uint64_t n = 0;

	for (unsigned shift = 0; s->len > 0 && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)*s->p;

		*s = str_make(s->p + 1, s->len - 1);
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = n;
			return true;
		}
	}
	return false;
}

static bool take_int(struct str *s, int64_t *out)
{
	uint64_t n;

	if (!take_uint(s, &n))
		return false;
	*out = (int64_t)(n >> 1 ^ (0 - (n & 1)));
	return true;
}

static void put_node(struct buf *b, uint64_t node)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(node >> 8 * i);
	buf_add(b, bytes, sizeof(bytes));
}

static bool take_node(struct str *s, uint64_t *out)
{
	*out = 0;
	if (s->len < 8)
		return false;
	for (int i = 0; i < 8; i++)
		*out |= (uint64_t)(unsigned char)s->p[i] << 8 * i;
	*s = str_make(s->p + 8, s->len - 8);
	return true;
}

/* Source (and whether the first end is the last one's), both ends, and how far time and row
 * are from the last one's. */
void kinship_pack(const struct kin *edges, struct buf *out)
{
	struct kin_edge last = {.at_s = 0};

	for (size_t i = 0; i < edges->count; i++) {
		const struct kin_edge *edge = &edges->edges[i];
		bool same = i > 0 && edge->end[0] == last.end[0];

		buf_addc(out, (char)(edge->source << 1 | same));
		if (!same)
			put_node(out, edge->end[0]);
		put_node(out, edge->end[1]);
		put_int(out, edge->at_s - last.at_s);
		put_int(out, edge->row_id - last.row_id);
		last = *edge;
	}
}

void kinship_unpack(struct str blob, struct kin *edges)
{
	struct kin_edge edge = {.at_s = 0};
	int64_t at_s, row_id;

	while (blob.len > 0) {
		unsigned char head = (unsigned char)*blob.p;

		blob = str_make(blob.p + 1, blob.len - 1);
		edge.source = (enum identity_source)(head >> 1);
		if ((!(head & 1) && !take_node(&blob, &edge.end[0])) ||
		    !take_node(&blob, &edge.end[1]) || !take_int(&blob, &at_s) ||
		    !take_int(&blob, &row_id))
			return;
		edge.at_s += at_s;
		edge.row_id += row_id;
		kin_put(edges, &edge);
	}
}

enum err_code kinship_read(struct db *db, int64_t upto, struct kin *out, struct err *e)
{
	sqlite3_stmt *s;
	bool row;

	if (db_prepare(db, "SELECT edges FROM identity_recent WHERE id <= ?1 ORDER BY id",
		       &s, e) != ERR_OK)
		return e->code;
	e->code = ERR_OK;
	sqlite3_bind_int64(s, 1, upto);
	while (db_step(db, s, &row, e) == ERR_OK && row)
		kinship_unpack(db_column(s, 0), out);
	sqlite3_finalize(s);
	return e->code;
}

static bool is_among(const uint64_t *nodes, size_t count, uint64_t node)
{
	for (size_t i = 0; i < count; i++)
		if (nodes[i] == node)
			return true;
	return false;
}

/* What is left becomes one row, the oldest. */
enum err_code kinship_erase(struct db *db, const uint64_t *nodes, size_t count,
			    struct err *e)
{
	struct kin all = {0}, left = {0};
	sqlite3_stmt *put = NULL;
	struct buf blob;

	buf_init(&blob, SIZE_MAX / 2);
	e->code = ERR_OK;
	if (kinship_read(db, INT64_MAX, &all, e) != ERR_OK)
		goto free;
	for (size_t i = 0; i < all.count; i++)
		if (!is_among(nodes, count, all.edges[i].end[0]) &&
		    !is_among(nodes, count, all.edges[i].end[1]))
			kin_put(&left, &all.edges[i]);
	if (left.count == all.count)
		goto free;
	kinship_pack(&left, &blob);
	if (db_exec(db,
		    "DELETE FROM identity_recent WHERE id > "
		    "(SELECT min(id) FROM identity_recent)",
		    e) == ERR_OK &&
	    db_prepare(db, "UPDATE identity_recent SET edges = ?1", &put, e) == ERR_OK) {
		sqlite3_bind_blob64(put, 1, blob.p ? blob.p : "", blob.len,
				    SQLITE_STATIC);
		e->code = db_run(db, put, e);
		sqlite3_finalize(put);
	}
free:
	buf_fini(&blob);
	kin_fini(&all);
	kin_fini(&left);
	return e->code;
}

static enum err_code make_filter(struct kinship *k, struct db *db, struct err *e)
{
	uint64_t bits = FILTER_BITS_MIN;
	int64_t any = 0, rows = 0;

	if (db_int(db, "SELECT EXISTS (SELECT 1 FROM identity_edge)", 0, &any, e) !=
		    ERR_OK ||
	    db_int(db, "SELECT max(id) FROM outbox", 0, &rows, e) != ERR_OK)
		return e->code;
	while (bits < FILTER_BITS_MAX && (int64_t)(bits / BITS_A_ROW) < rows)
		bits *= 2;
	k->filter_mask = bits - 1;
	k->filter = calloc(bits / 64, sizeof(*k->filter));
	if (!k->filter)
		abort();
	k->filter_whole = !any;
	return ERR_OK;
}

enum err_code kinship_open(struct kinship *k, struct db *db, struct err *e)
{
	*k = (struct kinship){.appended = 0};
	pthread_mutex_init(&k->lock, NULL);
	if (kinship_read(db, INT64_MAX, &k->recent, e) != ERR_OK ||
	    make_filter(k, db, e) != ERR_OK) {
		kinship_close(k);
		return e->code;
	}
	k->appended = (int64_t)k->recent.count;
	return ERR_OK;
}

void kinship_close(struct kinship *k)
{
	kin_fini(&k->recent);
	kin_fini(&k->moving);
	free((void *)k->filter);
	k->filter = NULL;
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
	n += copy(&k->moving, node, out + n, max - n);
	pthread_mutex_unlock(&k->lock);
	return n;
}

bool kinship_pair(struct kinship *k, uint64_t a, uint64_t b, int64_t at_s)
{
	bool found;

	pthread_mutex_lock(&k->lock);
	found = kin_has(&k->recent, a, b, at_s) || kin_has(&k->moving, a, b, at_s);
	pthread_mutex_unlock(&k->lock);
	return found;
}

bool kinship_any(struct kinship *k)
{
	bool any;

	pthread_mutex_lock(&k->lock);
	any = k->recent.count + k->moving.count > 0;
	pthread_mutex_unlock(&k->lock);
	return any;
}

/* The node is a part of a SHA-256 already; its lowest bits are its kind. */
static uint64_t filter_bit(const struct kinship *k, uint64_t node, int i)
{
	return (node * (i ? UINT64_C(0x9e3779b97f4a7c15) : 1) >> 24) & k->filter_mask;
}

void kinship_note_stored(struct kinship *k, uint64_t node)
{
	for (int i = 0; i < 2; i++) {
		uint64_t bit = filter_bit(k, node, i);

		atomic_fetch_or_explicit(&k->filter[bit / 64], UINT64_C(1) << bit % 64,
					 memory_order_relaxed);
	}
}

bool kinship_stored(const struct kinship *k, uint64_t node)
{
	if (!k->filter_whole)
		return true;
	for (int i = 0; i < 2; i++) {
		uint64_t bit = filter_bit(k, node, i);

		if (!(atomic_load_explicit(&k->filter[bit / 64], memory_order_relaxed) >>
			      bit % 64 &
		      1))
			return false;
	}
	return true;
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
	for (size_t i = from > 0 ? (size_t)from : 0; i < kin->count; i++) {
		const struct kin_edge *edge = &kin->edges[i];

		if (edge->source == IDENTITY_CONVERSION && edge->row_id < first_id &&
		    (met->blind || met_gains(met, edge->end)))
			return true;
	}
	return false;
}

bool kinship_gained(struct kinship *k, int64_t mark, int64_t first_id,
		    const struct met *met)
{
	int64_t recent, moving;
	bool found;

	pthread_mutex_lock(&k->lock);
	recent = k->appended - (int64_t)k->recent.count;
	moving = recent - (int64_t)k->moving.count;
	found = gained(&k->recent, mark - recent, first_id, met) ||
		(mark < recent && gained(&k->moving, mark - moving, first_id, met));
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

/* Nobody's snapshot is as old as the last move's end: many loads came between. */
void kinship_start_move(struct kinship *k, struct kin *moving)
{
	struct kin old;

	pthread_mutex_lock(&k->lock);
	old = k->moving;
	k->moving = *moving;
	kin_clear(&k->recent);
	pthread_mutex_unlock(&k->lock);
	kin_fini(&old);
	*moving = (struct kin){0};
}

enum err_code kinship_fill_filter(struct kinship *k, struct db *db,
				  const _Atomic bool *stop, struct err *e)
{
	sqlite3_stmt *s;
	bool row = true;

	if (db_prepare(db, "SELECT a FROM identity_edge", &s, e) != ERR_OK)
		return e->code;
	e->code = ERR_OK;
	while (!*stop && db_step(db, s, &row, e) == ERR_OK && row)
		kinship_note_stored(k, (uint64_t)sqlite3_column_int64(s, 0));
	if (e->code == ERR_OK && !row)
		k->filter_whole = true;
	sqlite3_finalize(s);
	return e->code;
}
