/* SPDX-License-Identifier: MIT */
#include "store/compaction.h"

static enum err_code erase_in(struct runs *r, const struct run *run, uint64_t key,
			      sqlite3_stmt *update, struct buf *left, struct err *e)
{
	const struct block_form *f = &run->form;
	uint32_t block = block_of(f, key);
	struct str bytes;

	if (runs_block(r, run->id, block, &bytes, e) != ERR_OK)
		return e->code;
	buf_clear(left);
	for (size_t i = 0; i < block_count(f, bytes); i++) {
		struct pair pair = block_pair(f, block, bytes, i);

		if (pair.key != block_key(f, key))
			block_put(f, block, &pair, left);
	}
	sqlite3_reset(r->block);
	if (left->len == bytes.len)
		return ERR_OK;
	sqlite3_bind_int64(update, 1, run->id << RUNS_BLOCK_BITS | block);
	sqlite3_bind_blob64(update, 2, left->p ? left->p : "", left->len, SQLITE_STATIC);
	return db_run(r->db, update, e);
}

enum err_code compaction_erase(struct db *db, enum runs_kind kind, const uint64_t *keys,
			       size_t count, struct err *e)
{
	sqlite3_stmt *update = NULL;
	struct buf left;
	struct runs r;

	buf_init(&left, COMPACTION_BLOCK_MAX);
	if (runs_open_all(&r, db, kind, e) == ERR_OK &&
	    db_prepare(db, "UPDATE index_block SET pairs = ?2 WHERE key = ?1", &update,
		       e) == ERR_OK)
		e->code = runs_refresh(&r, e);
	for (size_t i = 0; i < r.count && e->code == ERR_OK; i++)
		for (size_t k = 0; k < count && e->code == ERR_OK; k++)
			e->code = erase_in(&r, &r.run[i], keys[k], update, &left, e);
	sqlite3_finalize(update);
	runs_close(&r);
	buf_fini(&left);
	return e->code;
}
