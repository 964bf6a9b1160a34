/* SPDX-License-Identifier: MIT */
#include "store/runs.h"

/* An event_id must be told from all others even when its row has gone; an identifier is
 * compared with its row's. */
unsigned runs_key_bits(enum runs_kind kind)
{
	return kind == RUNS_EVENT_ID ? 64 : 48;
}

#define RUN_COLUMNS "id, level, pairs, room, least, most"

static enum err_code open_list(struct runs *r, const char *list, struct err *e)
{
	if (db_prepare(r->db, list, &r->list, e) != ERR_OK ||
	    db_prepare(r->db, "SELECT pairs FROM index_block WHERE key = ?1", &r->block,
		       e) != ERR_OK)
		runs_close(r);
	return e->code;
}

enum err_code runs_open(struct runs *r, struct db *db, enum runs_kind kind,
			struct run_filters *filters, struct err *e)
{
	*r = (struct runs){.db = db, .kind = kind, .filters = filters};
	return open_list(r,
			 "SELECT " RUN_COLUMNS " FROM index_run "
			 "WHERE kind = ?1 AND state = 0 ORDER BY level, id DESC",
			 e);
}

enum err_code runs_open_all(struct runs *r, struct db *db, enum runs_kind kind,
			    struct err *e)
{
	*r = (struct runs){.db = db, .kind = kind};
	return open_list(r, "SELECT " RUN_COLUMNS " FROM index_run WHERE kind = ?1", e);
}

static void forget_list(struct runs *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->run[i].filter)
			run_filters_unuse(r->filters, r->run[i].id);
	r->count = 0;
}

void runs_close(struct runs *r)
{
	forget_list(r);
	sqlite3_finalize(r->list);
	sqlite3_finalize(r->block);
	*r = (struct runs){0};
}

static struct run run_of(const struct runs *r)
{
	struct run run = {
		.id = sqlite3_column_int64(r->list, 0),
		.level = sqlite3_column_int(r->list, 1),
		.pairs = (uint64_t)sqlite3_column_int64(r->list, 2),
		.room = (uint64_t)sqlite3_column_int64(r->list, 3),
		.least = (uint64_t)sqlite3_column_int64(r->list, 4),
		.most = (uint64_t)sqlite3_column_int64(r->list, 5),
	};

	run.form = block_form_of(runs_key_bits(r->kind), run.room, run.least, run.most);
	return run;
}

/* Into `list`, without filters. */
static enum err_code read_list(struct runs *r, struct run *list, size_t *count,
			       struct err *e)
{
	bool row;

	*count = 0;
	e->code = ERR_OK;
	sqlite3_bind_int(r->list, 1, (int)r->kind);
	while (db_step(r->db, r->list, &row, e) == ERR_OK && row) {
		if (*count == RUNS_MAX) {
			err_set(e, ERR_CORRUPT, "index_run: more than %d runs", RUNS_MAX);
			break;
		}
		list[(*count)++] = run_of(r);
	}
	sqlite3_reset(r->list);
	return e->code;
}

static bool is_same(const struct runs *r, const struct run *list, size_t count)
{
	if (r->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (r->run[i].id != list[i].id)
			return false;
	return true;
}

enum err_code runs_refresh(struct runs *r, struct err *e)
{
	struct run list[RUNS_MAX];
	size_t count;

	if (read_list(r, list, &count, e) != ERR_OK || is_same(r, list, count))
		return e->code;
	/* The new one's filters first: most are the old one's. */
	for (size_t i = 0; i < count; i++)
		list[i].filter =
			r->filters ? run_filters_use(r->filters, list[i].id) : NULL;
	forget_list(r);
	memcpy(r->run, list, count * sizeof(*list));
	r->count = count;
	return ERR_OK;
}

bool runs_may_hold(const struct runs *r, uint64_t key)
{
	uint64_t told = block_key(
		&(struct block_form){.key_bits = (uint8_t)runs_key_bits(r->kind)}, key);

	for (size_t i = 0; i < r->count; i++)
		if (!r->run[i].filter || filter_may_hold(r->run[i].filter, told))
			return true;
	return false;
}

enum err_code runs_block(struct runs *r, int64_t run_id, uint32_t block,
			 struct str *bytes, struct err *e)
{
	bool row;

	*bytes = STR_NONE;
	sqlite3_reset(r->block);
	sqlite3_bind_int64(r->block, 1, run_id << RUNS_BLOCK_BITS | block);
	if (db_step(r->db, r->block, &row, e) == ERR_OK && row)
		*bytes = db_column(r->block, 0);
	return e->code;
}

static enum err_code find_in(struct runs *r, const struct run *run, uint64_t key,
			     uint64_t *values, size_t max, size_t *count, struct err *e)
{
	uint32_t block = block_of(&run->form, key);
	struct str bytes;
	size_t pairs;

	if (runs_block(r, run->id, block, &bytes, e) != ERR_OK)
		return e->code;
	pairs = block_count(&run->form, bytes);
	for (size_t i = block_find(&run->form, block, bytes, key);
	     i < pairs && *count < max; i++) {
		struct pair pair = block_pair(&run->form, block, bytes, i);

		if (pair.key != key)
			break;
		values[(*count)++] = pair.value;
	}
	sqlite3_reset(r->block);
	return ERR_OK;
}

enum err_code runs_find(struct runs *r, uint64_t key, uint64_t *values, size_t max,
			size_t *count, struct err *e)
{
	*count = 0;
	e->code = ERR_OK;
	for (size_t i = 0; i < r->count && *count < max; i++) {
		const struct run *run = &r->run[i];

		key = block_key(&run->form, key);
		if (run->filter && !filter_may_hold(run->filter, key))
			continue;
		if (find_in(r, run, key, values, max, count, e) != ERR_OK)
			break;
	}
	return e->code;
}

/* All its pieces, one behind the other. */
static enum err_code read_pieces(struct runs *r, int64_t run_id, struct buf *out,
				 struct err *e)
{
	uint32_t number = RUNS_FILTER_FROM;
	struct str piece;

	do {
		if (runs_block(r, run_id, number++, &piece, e) != ERR_OK)
			break;
		buf_adds(out, piece);
	} while (piece.len > 0 && !out->full);
	sqlite3_reset(r->block);
	return e->code;
}

enum err_code runs_read_filter(struct runs *r, const struct run *run, struct filter *out,
			       struct err *e)
{
	struct buf bytes;

	buf_init(&bytes, RUN_FILTER_MAX + sizeof(*out->words));
	if (read_pieces(r, run->id, &bytes, e) == ERR_OK) {
		if (bytes.len == 0 || bytes.len % sizeof(*out->words) != 0 || bytes.full)
			err_set(e, ERR_CORRUPT, "index_block: run %lld has no filter",
				(long long)run->id);
		else
			filter_of(out, bytes.p, bytes.len / sizeof(*out->words));
	}
	buf_fini(&bytes);
	return e->code;
}
