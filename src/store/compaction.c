/* SPDX-License-Identifier: MIT */
#include "store/compaction.h"

#include <stddef.h>
#include <stdlib.h>

struct compaction_input {
	struct run run;
	uint32_t block;
	bool read, over;
	struct buf bytes;
	size_t at, count;
	struct pair head;
};

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct compaction, member)
	{S(set_state), "UPDATE index_run SET state = ?2 WHERE id = ?1"},
	{S(abandon), "UPDATE index_run SET state = 2 WHERE kind = ?1 AND state = 1"},
	{S(finish), "UPDATE index_run SET state = 0, pairs = ?2 WHERE id = ?1"},
	{S(drop_old), "UPDATE index_run SET state = 2 WHERE kind = ?1 AND state = 0 "
		      "AND most < ?2"},
	{S(dying), "SELECT id FROM index_run WHERE kind = ?1 AND state = 2 LIMIT 1"},
	{S(drop_blocks),
	 "DELETE FROM index_block WHERE key >= ?1 AND key <= (SELECT max(key) FROM "
	 "(SELECT key FROM index_block WHERE key >= ?1 AND key < ?2 "
	 "ORDER BY key LIMIT ?3))"},
	{S(drop_run), "DELETE FROM index_run WHERE id = ?1"},
#undef S
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **slot(struct compaction *m, size_t i)
{
	return (sqlite3_stmt **)(void *)((char *)m + statements[i].at);
}

static enum err_code read_filters(struct compaction *m, struct run_filters *filters,
				  struct err *e)
{
	if (runs_refresh(&m->runs, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < m->runs.count; i++) {
		struct filter filter;

		if (runs_read_filter(&m->runs, &m->runs.run[i], &filter, e) != ERR_OK)
			return e->code;
		run_filters_put(filters, m->runs.run[i].id, &filter);
	}
	m->runs.count = 0;
	m->runs.filters = filters;
	return runs_refresh(&m->runs, e);
}

enum err_code compaction_open(struct compaction *m, struct db *db, enum runs_kind kind,
			      struct run_filters *filters, struct err *e)
{
	*m = (struct compaction){.db = db, .dying_left = true};
	buf_init(&m->block, COMPACTION_BLOCK_MAX);
	m->inputs = calloc(COMPACTION_INPUTS_MAX, sizeof(*m->inputs));
	if (!m->inputs)
		abort();
	for (size_t i = 0; i < COMPACTION_INPUTS_MAX; i++)
		buf_init(&m->inputs[i].bytes, COMPACTION_BLOCK_MAX);
	if (runs_open(&m->runs, db, kind, NULL, e) == ERR_OK)
		e->code = run_writer_open(&m->writer, db, kind, e);
	for (size_t i = 0; i < STATEMENTS && e->code == ERR_OK; i++)
		e->code = db_prepare(db, statements[i].sql, slot(m, i), e);
	if (e->code != ERR_OK || read_filters(m, filters, e) != ERR_OK)
		compaction_close(m);
	return e->code;
}

void compaction_close(struct compaction *m)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(*slot(m, i));
	for (size_t i = 0; m->inputs && i < COMPACTION_INPUTS_MAX; i++)
		buf_fini(&m->inputs[i].bytes);
	free(m->inputs);
	runs_close(&m->runs);
	run_writer_close(&m->writer);
	buf_fini(&m->block);
	filter_fini(&m->filter);
	*m = (struct compaction){0};
}

static bool is_listed(const struct runs *r, int64_t run_id)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->run[i].id == run_id)
			return true;
	return false;
}

/* Before the transaction changes anything: it may be undone. Filters of runs that are no more
 * go with the list that had them. */
static enum err_code refresh(struct compaction *m, struct err *e)
{
	int64_t before[RUNS_MAX];
	size_t count = m->runs.count;

	e->code = ERR_OK;
	if (!m->stale)
		return ERR_OK;
	for (size_t i = 0; i < count; i++)
		before[i] = m->runs.run[i].id;
	if (runs_refresh(&m->runs, e) != ERR_OK)
		return e->code;
	m->stale = false;
	for (size_t i = 0; i < count; i++)
		if (!is_listed(&m->runs, before[i]))
			run_filters_drop(m->runs.filters, before[i]);
	return ERR_OK;
}

enum err_code compaction_add(struct compaction *m, const struct pair *pairs, size_t count,
			     struct err *e)
{
	if (refresh(m, e) != ERR_OK)
		return e->code;
	m->has_added = true;
	return run_add(&m->writer, pairs, count, e);
}

enum err_code compaction_drop_old(struct compaction *m, struct err *e)
{
	if (refresh(m, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(m->drop_old, 1, (int)m->runs.kind);
	sqlite3_bind_int64(m->drop_old, 2, (int64_t)m->floor[0]);
	m->has_dropped = true;
	return db_run(m->db, m->drop_old, e);
}

/* The lowest level that is full; -1: none. */
static int full_level(const struct runs *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		count = i > 0 && r->run[i].level == r->run[i - 1].level ? count + 1 : 1;
		if (count == COMPACTION_FANOUT)
			return r->run[i].level;
	}
	return -1;
}

bool compaction_wanted(const struct compaction *m)
{
	return m->into.id || m->dying_left || m->stale || full_level(&m->runs) >= 0;
}

enum err_code compaction_find(struct compaction *m, uint64_t key, uint64_t *values,
			      size_t max, size_t *count, struct err *e)
{
	*count = 0;
	if (refresh(m, e) != ERR_OK)
		return e->code;
	return runs_find(&m->runs, key, values, max, count, e);
}

/* All runs of the level, or the oldest of too many: they are older than all that stay. */
static void choose_inputs(struct compaction *m, int level)
{
	const struct runs *r = &m->runs;
	size_t end = 0, first = 0;

	while (r->run[first].level != level)
		first++;
	for (end = first; end < r->count && r->run[end].level == level;)
		end++;
	if (end - first > COMPACTION_INPUTS_MAX)
		first = end - COMPACTION_INPUTS_MAX;
	m->input_count = end - first;
	m->into = (struct run){.level = level + 1, .least = UINT64_MAX};
	for (size_t i = 0; i < m->input_count; i++) {
		const struct run *run = &r->run[first + i];

		m->inputs[i].run = *run;
		m->into.room += run->pairs;
		if (run->least < m->into.least)
			m->into.least = run->least;
		if (run->most > m->into.most)
			m->into.most = run->most;
	}
}

static enum err_code start(struct compaction *m, int level, struct err *e)
{
	sqlite3_bind_int(m->abandon, 1, (int)m->runs.kind);
	if (db_run(m->db, m->abandon, e) != ERR_OK)
		return e->code;
	if (sqlite3_changes(m->db->handle) > 0)
		m->dying_left = true;
	choose_inputs(m, level);
	m->next_block = 0;
	m->pairs = 0;
	filter_fini(&m->filter);
	filter_init(&m->filter, run_filter_bytes(m->into.level, m->into.room));
	m->has_started = true;
	return run_new(&m->writer, &m->into, RUN_GROWS, e);
}

static enum err_code read_input(struct compaction *m, struct compaction_input *in,
				uint32_t block, struct err *e)
{
	struct str bytes;

	if (runs_block(&m->runs, in->run.id, block, &bytes, e) != ERR_OK)
		return e->code;
	buf_clear(&in->bytes);
	buf_adds(&in->bytes, bytes);
	sqlite3_reset(m->runs.block);
	in->block = block;
	in->at = 0;
	in->count = block_count(&in->run.form, buf_str(&in->bytes));
	return ERR_OK;
}

/* The next pair of an input into its head. */
static enum err_code settle_head(struct compaction *m, struct compaction_input *in,
				 struct err *e)
{
	const struct block_form *f = &in->run.form;

	e->code = ERR_OK;
	while (in->at == in->count) {
		in->over = in->block + 1 == f->blocks;
		if (in->over || read_input(m, in, in->block + 1, e) != ERR_OK)
			return e->code;
	}
	in->head = block_pair(f, in->block, buf_str(&in->bytes), in->at++);
	return ERR_OK;
}

/* Nothing read is kept from one transaction to the next: somebody may have been erased. */
static enum err_code place_inputs(struct compaction *m, uint32_t block, struct err *e)
{
	uint64_t least = block_least(&m->into.form, block);

	e->code = ERR_OK;
	for (size_t i = 0; i < m->input_count; i++) {
		struct compaction_input *in = &m->inputs[i];
		uint32_t at = block_of(&in->run.form, least);

		in->over = false;
		if (read_input(m, in, at, e) != ERR_OK)
			return e->code;
		in->at = block_find(&in->run.form, at, buf_str(&in->bytes), least);
		do {
			if (settle_head(m, in, e) != ERR_OK)
				return e->code;
		} while (!in->over && block_of(&m->into.form, in->head.key) < block);
	}
	return ERR_OK;
}

/* Of equal keys the newest run's. */
static struct compaction_input *least_input(struct compaction *m)
{
	struct compaction_input *found = NULL;

	for (size_t i = 0; i < m->input_count; i++) {
		struct compaction_input *in = &m->inputs[i];

		if (!in->over && (!found || in->head.key < found->head.key))
			found = in;
	}
	return found;
}

static bool is_kept(const struct compaction *m, const struct pair *pair,
		    const struct pair *last, bool any)
{
	bool by_source = m->runs.kind == RUNS_IDENTIFIER;

	if ((by_source ? pair->value >> 2 : pair->value) <
	    m->floor[by_source ? pair->value & 3 : 0])
		return false;
	return !any || pair->key != last->key ||
	       (m->runs.kind != RUNS_EVENT_ID && pair->value != last->value);
}

static enum err_code grow_block(struct compaction *m, uint32_t block, struct err *e)
{
	const struct block_form *f = &m->into.form;
	struct pair last = {0, 0};
	struct compaction_input *in;
	bool any = false;

	buf_clear(&m->block);
	e->code = ERR_OK;
	while ((in = least_input(m)) && block_of(f, in->head.key) == block) {
		if (is_kept(m, &in->head, &last, any)) {
			last = in->head;
			any = true;
			block_put(f, block, &last, &m->block);
			filter_add(&m->filter, last.key);
			m->written_pairs++;
		}
		if (settle_head(m, in, e) != ERR_OK)
			return e->code;
	}
	return any ? run_put_block(&m->writer, m->into.id, block, m->block.p,
				   m->block.len, e)
		   : ERR_OK;
}

static enum err_code finish(struct compaction *m, struct err *e)
{
	m->has_finished = true;
	sqlite3_bind_int64(m->finish, 1, m->into.id);
	sqlite3_bind_int64(m->finish, 2, (int64_t)(m->pairs + m->written_pairs));
	if (db_run(m->db, m->finish, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < m->input_count; i++) {
		sqlite3_bind_int64(m->set_state, 1, m->inputs[i].run.id);
		sqlite3_bind_int(m->set_state, 2, RUN_DIES);
		if (db_run(m->db, m->set_state, e) != ERR_OK)
			return e->code;
	}
	return run_put_filter(&m->writer, m->into.id, &m->filter, e);
}

static enum err_code grow(struct compaction *m, uint32_t blocks, struct err *e)
{
	uint32_t end = m->into.form.blocks;

	m->written = end - m->next_block < blocks ? end - m->next_block : blocks;
	end = m->next_block + m->written;
	if (place_inputs(m, m->next_block, e) != ERR_OK)
		return e->code;
	for (uint32_t block = m->next_block; block < end; block++)
		if (grow_block(m, block, e) != ERR_OK)
			return e->code;
	return end == m->into.form.blocks ? finish(m, e) : ERR_OK;
}

/* What they say stands in the run that they were merged into: it need not be overwritten. */
static enum err_code delete_blocks(struct compaction *m, int64_t run_id, uint32_t blocks,
				   struct err *e)
{
	struct err ignored;
	bool gone = false;

	if (db_exec(m->db, "PRAGMA secure_delete = OFF", e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(m->drop_blocks, 1, run_id << RUNS_BLOCK_BITS);
	sqlite3_bind_int64(m->drop_blocks, 2, (run_id + 1) << RUNS_BLOCK_BITS);
	sqlite3_bind_int64(m->drop_blocks, 3, blocks);
	if (db_run(m->db, m->drop_blocks, e) == ERR_OK)
		gone = sqlite3_changes(m->db->handle) == 0;
	if (db_exec(m->db, "PRAGMA secure_delete = ON", &ignored) != ERR_OK)
		*e = ignored;
	if (e->code != ERR_OK || !gone)
		return e->code;
	sqlite3_bind_int64(m->drop_run, 1, run_id);
	return db_run(m->db, m->drop_run, e);
}

static enum err_code delete_some(struct compaction *m, uint32_t blocks, struct err *e)
{
	int64_t run_id = 0;
	bool row;

	sqlite3_bind_int(m->dying, 1, (int)m->runs.kind);
	if (db_step(m->db, m->dying, &row, e) == ERR_OK && row)
		run_id = sqlite3_column_int64(m->dying, 0);
	sqlite3_reset(m->dying);
	if (e->code != ERR_OK)
		return e->code;
	m->dying_left = run_id != 0;
	return run_id ? delete_blocks(m, run_id, blocks, e) : ERR_OK;
}

enum err_code compaction_step(struct compaction *m, uint32_t blocks, struct err *e)
{
	int level;

	if (refresh(m, e) != ERR_OK)
		return e->code;
	level = full_level(&m->runs);
	if (!m->into.id && level >= 0 && start(m, level, e) != ERR_OK)
		return e->code;
	return m->into.id ? grow(m, blocks, e) : delete_some(m, blocks, e);
}

static void clear_transaction(struct compaction *m)
{
	m->has_added = m->has_started = m->has_finished = m->has_dropped = false;
	m->written = 0;
	m->written_pairs = 0;
}

void compaction_committed(struct compaction *m)
{
	m->stale = m->stale || m->has_added || m->has_finished || m->has_dropped;
	m->dying_left = m->dying_left || m->has_dropped;
	m->next_block += m->written;
	m->pairs += m->written_pairs;
	if (m->has_added)
		run_filters_put(m->runs.filters, m->writer.added.id,
				&m->writer.added_filter);
	if (m->has_finished) {
		run_filters_put(m->runs.filters, m->into.id, &m->filter);
		m->into.id = 0;
		m->dying_left = true;
	}
	clear_transaction(m);
}

/* The filter holds too much now, which is no harm. */
void compaction_rolled_back(struct compaction *m)
{
	if (m->has_started)
		m->into.id = 0;
	clear_transaction(m);
}
