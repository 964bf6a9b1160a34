/* SPDX-License-Identifier: MIT */
#include "store/run_write.h"

#include <stdlib.h>

enum { PIECE = 4000, BLOCK_BYTES_MAX = 16 * 1024 * 1024 };

enum err_code run_writer_open(struct run_writer *w, struct db *db, enum runs_kind kind,
			      struct err *e)
{
	*w = (struct run_writer){.db = db, .kind = kind};
	buf_init(&w->block, BLOCK_BYTES_MAX);
	if (db_prepare(db, "SELECT coalesce(max(id), 0) + 1 FROM index_run", &w->next_id,
		       e) != ERR_OK ||
	    db_prepare(db,
		       "INSERT INTO index_run (id, kind, level, state, pairs, room, "
		       "least, most) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		       &w->put_run, e) != ERR_OK ||
	    db_prepare(db, "INSERT INTO index_block (key, pairs) VALUES (?1, ?2)",
		       &w->put_block, e) != ERR_OK)
		run_writer_close(w);
	return e->code;
}

void run_writer_close(struct run_writer *w)
{
	sqlite3_finalize(w->next_id);
	sqlite3_finalize(w->put_run);
	sqlite3_finalize(w->put_block);
	buf_fini(&w->block);
	filter_fini(&w->added_filter);
	*w = (struct run_writer){0};
}

/* By the 16 bits from `shift` on, equal ones in their order. */
static void sort_by(const struct pair *from, struct pair *to, size_t count,
		    unsigned shift, uint32_t *ends)
{
	memset(ends, 0, (1u << 16) * sizeof(*ends));
	for (size_t i = 0; i < count; i++)
		ends[from[i].key >> shift & 0xffff]++;
	for (uint32_t i = 0, sum = 0; i < 1u << 16; i++) {
		uint32_t n = ends[i];

		ends[i] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[ends[from[i].key >> shift & 0xffff]++] = from[i];
}

void pairs_sort(struct pair *pairs, struct pair *room, size_t count)
{
	uint32_t *ends = malloc((1u << 16) * sizeof(*ends));

	if (!ends)
		abort();
	for (unsigned shift = 0; shift < 64; shift += 32) {
		sort_by(pairs, room, count, shift, ends);
		sort_by(room, pairs, count, shift + 16, ends);
	}
	free(ends);
}

static enum err_code put_run(struct run_writer *w, const struct run *run,
			     enum run_state state, struct err *e)
{
	sqlite3_bind_int64(w->put_run, 1, run->id);
	sqlite3_bind_int(w->put_run, 2, (int)w->kind);
	sqlite3_bind_int(w->put_run, 3, run->level);
	sqlite3_bind_int(w->put_run, 4, (int)state);
	sqlite3_bind_int64(w->put_run, 5, (int64_t)run->pairs);
	sqlite3_bind_int64(w->put_run, 6, (int64_t)run->room);
	sqlite3_bind_int64(w->put_run, 7, (int64_t)run->least);
	sqlite3_bind_int64(w->put_run, 8, (int64_t)run->most);
	return db_run(w->db, w->put_run, e);
}

enum err_code run_new(struct run_writer *w, struct run *run, enum run_state state,
		      struct err *e)
{
	bool row;

	run->form =
		block_form_of(runs_key_bits(w->kind), run->room, run->least, run->most);
	if (db_step(w->db, w->next_id, &row, e) == ERR_OK)
		run->id = sqlite3_column_int64(w->next_id, 0);
	sqlite3_reset(w->next_id);
	return e->code == ERR_OK ? put_run(w, run, state, e) : e->code;
}

enum err_code run_put_block(struct run_writer *w, int64_t run_id, uint32_t number,
			    const void *bytes, size_t len, struct err *e)
{
	sqlite3_bind_int64(w->put_block, 1, run_id << RUNS_BLOCK_BITS | number);
	sqlite3_bind_blob64(w->put_block, 2, bytes, len, SQLITE_STATIC);
	return db_run(w->db, w->put_block, e);
}

enum err_code run_put_filter(struct run_writer *w, int64_t run_id, struct filter *f,
			     struct err *e)
{
	size_t bytes = f->count * sizeof(*f->words), done = 0;

	filter_turn(f);
	e->code = ERR_OK;
	for (uint32_t i = 0; done < bytes && e->code == ERR_OK; i++) {
		size_t len = bytes - done < PIECE ? bytes - done : PIECE;

		e->code = run_put_block(w, run_id, RUNS_FILTER_FROM + i,
					(const char *)f->words + done, len, e);
		done += len;
	}
	filter_turn(f);
	return e->code;
}

static struct run run_for(const struct pair *pairs, size_t count)
{
	struct run run = {.pairs = count, .room = count, .least = UINT64_MAX};

	for (size_t i = 0; i < count; i++) {
		if (pairs[i].value < run.least)
			run.least = pairs[i].value;
		if (pairs[i].value > run.most)
			run.most = pairs[i].value;
	}
	return run;
}

enum err_code run_add(struct run_writer *w, const struct pair *pairs, size_t count,
		      struct err *e)
{
	struct run run = run_for(pairs, count);
	const struct block_form *f = &run.form;
	size_t at = 0;

	if (run_new(w, &run, RUN_WHOLE, e) != ERR_OK)
		return e->code;
	filter_fini(&w->added_filter);
	filter_init(&w->added_filter, run_filter_bytes(run.level, run.room));
	while (at < count) {
		uint32_t block = block_of(f, pairs[at].key);

		buf_clear(&w->block);
		for (; at < count && block_of(f, pairs[at].key) == block; at++) {
			struct pair pair = {block_key(f, pairs[at].key), pairs[at].value};

			block_put(f, block, &pair, &w->block);
			filter_add(&w->added_filter, pair.key);
		}
		if (run_put_block(w, run.id, block, w->block.p, w->block.len, e) !=
		    ERR_OK)
			return e->code;
	}
	w->added = run;
	return run_put_filter(w, run.id, &w->added_filter, e);
}
