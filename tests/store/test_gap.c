/* SPDX-License-Identifier: MIT
 *
 * What is written to a database's file: pages made by hand, to a file that keeps what it gets. A
 * sound leaf has zeros in its gap and is else the same; whatever is anything else, or not wholly
 * sound, arrives byte for byte. Then SQLite's own pages, which leave rows there without it. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/gap.h"

enum { PAGE_MAX = 65536, LEAF = 0x0d, FILLED = 0xee };

/* A file of one page. */
struct kept {
	sqlite3_file base;
	sqlite3_int64 size, at;
	int n, writes;
	unsigned char bytes[PAGE_MAX];
};

static int keep(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	struct kept *k = (struct kept *)file;

	memcpy(k->bytes, from, (size_t)n);
	k->n = n;
	k->at = at;
	k->writes++;
	return SQLITE_OK;
}

static int size_of(sqlite3_file *file, sqlite3_int64 *out)
{
	*out = ((struct kept *)file)->size;
	return *out < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 3, .xWrite = keep, .xFileSize = size_of};

/* Each differs from the first in one respect. */
struct shape {
	const char *what;
	int size, header; /* where the header is */
	unsigned type, freed, cells, content, first, second;
	sqlite3_int64 at, pages; /* where the page is; of the file */
	int begin, end;          /* of the zeros; equal: the page arrives as it is */
};

static const struct shape shapes[] = {
	{"a leaf of a table", 4096, 0, LEAF, 0, 2, 4000, 4000, 4050, 4096, 10, 12, 4000},
	{"a leaf of an index", 4096, 0, 0x0a, 0, 2, 4000, 4000, 4050, 4096, 10, 12, 4000},
	{"page 1", 4096, 100, LEAF, 0, 2, 4000, 4050, 4000, 0, 10, 112, 4000},
	{"a block freed", 4096, 0, LEAF, 4020, 2, 4000, 4000, 4050, 4096, 10, 12, 4000},
	{"no cells", 4096, 0, LEAF, 0, 0, 4096, 0, 0, 4096, 10, 8, 4096},
	{"pages of 512", 512, 0, LEAF, 0, 2, 400, 400, 450, 1024, 10, 12, 400},
	{"pages of 65536", 65536, 0, LEAF, 0, 2, 60000, 65000, 60000, 65536, 10, 12,
	 60000},
	{"pages of 65536, no cells", 65536, 0, LEAF, 0, 0, 0, 0, 0, 65536, 10, 8, 65536},
	{"the largest file", 4096, 0, LEAF, 0, 2, 4000, 4000, 4050, 4096, 0x08ffffff, 12,
	 4000},
	{"a file too large", 4096, 0, LEAF, 0, 2, 4000, 4000, 4050, 4096, 0x09000000, 0,
	 0},
	{"no gap", 4096, 0, LEAF, 0, 2, 12, 4000, 4050, 4096, 10, 0, 0},
	{"cells over the list", 4096, 0, LEAF, 0, 2, 11, 4000, 4050, 4096, 10, 0, 0},
	{"a list beyond the page", 4096, 0, LEAF, 0, 65535, 4000, 4000, 4050, 4096, 10, 0,
	 0},
	{"content beyond the page", 4096, 0, LEAF, 0, 2, 4097, 4097, 4098, 4096, 10, 0,
	 0},
	{"content at 65536", 4096, 0, LEAF, 0, 0, 0, 0, 0, 4096, 10, 0, 0},
	{"the first cell in the gap", 4096, 0, LEAF, 0, 2, 4000, 3999, 4050, 4096, 10, 0,
	 0},
	{"the last cell in the gap", 4096, 0, LEAF, 0, 2, 4000, 4000, 3999, 4096, 10, 0,
	 0},
	{"a cell beyond the page", 4096, 0, LEAF, 0, 2, 4000, 4000, 4096, 4096, 10, 0, 0},
	{"a block freed in the gap", 4096, 0, LEAF, 3999, 2, 4000, 4000, 4050, 4096, 10,
	 0, 0},
	{"an inner page", 4096, 0, 0x05, 0, 2, 4000, 4000, 4050, 4096, 10, 0, 0},
	{"an index's inner page", 4096, 0, 0x02, 0, 2, 4000, 4000, 4050, 4096, 10, 0, 0},
	{"a leaf's byte before page 1's header", 4096, 0, LEAF, 0, 2, 4000, 4000, 4050, 0,
	 10, 0, 0},
	{"no page by its place", 4096, 0, LEAF, 0, 2, 4000, 4000, 4050, 4097, 10, 0, 0},
	{"no page by its length", 4095, 0, LEAF, 0, 2, 4000, 4000, 4050, 4095, 10, 0, 0},
	{"less than a page", 256, 0, LEAF, 0, 2, 200, 200, 250, 256, 10, 0, 0},
};

static void put(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static void build(const struct shape *s, unsigned char *page)
{
	unsigned char *head = page + s->header;

	memset(page, FILLED, (size_t)s->size);
	head[0] = (unsigned char)s->type;
	put(head + 1, s->freed);
	put(head + 3, s->cells);
	put(head + 5, s->content);
	if (s->cells == 0)
		return;
	put(head + 8, s->first);
	put(head + 10, s->second);
}

static void open_kept(struct kept *k, sqlite3_int64 size)
{
	memset(k, 0, sizeof(*k));
	k->base.pMethods = &methods;
	k->size = size;
	gap_watch(&k->base);
}

static void writes(struct kept *k, const unsigned char *page, const struct shape *s)
{
	assert_int_equal(k->base.pMethods->xWrite(&k->base, page, s->size, s->at),
			 SQLITE_OK);
	assert_int_equal(k->writes, 1);
	assert_int_equal(k->n, s->size);
	assert_int_equal(k->at, s->at);
}

static void gaps_of_sound_leaves_are_zeros(void **state)
{
	static unsigned char page[PAGE_MAX], before[PAGE_MAX];
	static struct kept k;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *s = &shapes[i];

		build(s, page);
		memcpy(before, page, sizeof(page));
		open_kept(&k, s->pages * s->size);
		writes(&k, page, s);
		assert_memory_equal(page, before, sizeof(page));
		memset(before + s->begin, 0, (size_t)(s->end - s->begin));
		if (memcmp(k.bytes, before, (size_t)s->size) != 0)
			fail_msg("%s", s->what);
	}
}

static void a_size_that_cannot_be_told_fails_the_write(void **state)
{
	static unsigned char page[PAGE_MAX];
	static struct kept k;

	(void)state;
	build(&shapes[0], page);
	open_kept(&k, -1);
	assert_int_equal(k.base.pMethods->xWrite(&k.base, page, 4096, 4096),
			 SQLITE_IOERR_FSTAT);
	assert_int_equal(k.writes, 0);
}

/* How often a file has the text. */
static int count(const char *path, const char *text)
{
	FILE *file = fopen(path, "rb");
	size_t len, words = strlen(text);
	char *bytes = malloc(1 << 22);
	int found = 0;

	assert_non_null(file);
	assert_non_null(bytes);
	len = fread(bytes, 1, 1 << 22, file);
	assert_true(len < 1 << 22);
	for (size_t i = 0; i + words <= len; i++)
		found += memcmp(bytes + i, text, words) == 0;
	free(bytes);
	fclose(file);
	return found;
}

/* Rows grow beside rows of other lengths that are plain still, and are erased then. */
static const char *const life[] = {
	"CREATE TABLE own (id INTEGER PRIMARY KEY, who TEXT, more TEXT)",
	"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
	"INSERT INTO own SELECT i, printf('plain%040d', i), CASE WHEN i % 2 THEN '' "
	"ELSE printf('%.*c', 150 + i / 10 % 80, 'x') END FROM n",
	"UPDATE own SET who = printf('%064d', id) WHERE id % 2",
	"UPDATE own SET who = '', more = '' WHERE id % 2 = 0",
};

static int left_in_the_file(struct scene *s, sqlite3 *db)
{
	for (size_t i = 0; i < sizeof(life) / sizeof(life[0]); i++)
		assert_int_equal(sqlite3_exec(db, life[i], NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE,
						   NULL, NULL),
			 SQLITE_OK);
	return count(s->path, "plain00000");
}

static void rows_that_moved_leave_nothing(void **state)
{
	struct scene *s = *state;
	sqlite3 *app;

	assert_int_equal(sqlite3_open(s->path, &app), SQLITE_OK);
	assert_int_equal(sqlite3_exec(app, "PRAGMA secure_delete = ON", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_true(left_in_the_file(s, app) > 0); /* else this proves nothing */
	sqlite3_close(app);
	scene_exec(s, "DROP TABLE own");
	assert_int_equal(left_in_the_file(s, s->db.handle), 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM pragma_integrity_check "
				      "WHERE integrity_check = 'ok'"),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_of_sound_leaves_are_zeros),
		cmocka_unit_test(a_size_that_cannot_be_told_fails_the_write),
		T(rows_that_moved_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
