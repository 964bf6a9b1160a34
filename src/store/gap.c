/* SPDX-License-Identifier: MIT */
#include "store/gap.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { PAGE_MIN = 512, PAGE_MAX = 65536 };
enum { INDEX_LEAF = 0x0a, TABLE_LEAF = 0x0d };
enum { FILE_HEADER = 100, PAGE_HEADER = 8 };

/* An overflow page begins with the number of the next, which looks like a leaf's first byte from
 * 0x0a000000 on. The file may be about to grow, by less than what is left to there. */
#define PAGES_MAX 0x09000000

/* A VFS has one table of methods for all its files; ours is the same but for the write. */
struct kind {
	const sqlite3_io_methods *real;
	sqlite3_io_methods ours;
};

static size_t number(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* Of a leaf page the length of the gap, and where it begins; 0 where the page is none, or anything
 * about it is not as it must be. */
static size_t gap_of(const unsigned char *page, size_t size, size_t header, size_t *begin)
{
	const unsigned char *head = page + header, *cell = head + PAGE_HEADER;
	size_t freed = number(head + 1), cells = number(head + 3);
	size_t content = number(head + 5);

	if (head[0] != TABLE_LEAF && head[0] != INDEX_LEAF)
		return 0;
	if (content == 0)
		content = PAGE_MAX;
	*begin = header + PAGE_HEADER + 2 * cells;
	if (content > size || *begin > content || (freed != 0 && freed < content))
		return 0;
	for (; cells > 0; cells--, cell += 2)
		if (number(cell) < content || number(cell) >= size)
			return 0;
	return content - *begin;
}

static bool is_zeros(const unsigned char *p, size_t len)
{
	return p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

static bool is_page(int n, sqlite3_int64 at)
{
	return n >= PAGE_MIN && n <= PAGE_MAX && (n & (n - 1)) == 0 && at % n == 0;
}

static const sqlite3_io_methods *real_of(const sqlite3_file *file)
{
	const void *kind = (const char *)file->pMethods - offsetof(struct kind, ours);

	return ((const struct kind *)kind)->real;
}

static int write_erased(sqlite3_file *file, const void *page, int n, sqlite3_int64 at,
			size_t begin, size_t len)
{
	unsigned char copy[PAGE_MAX];
	sqlite3_int64 size;
	int rc = file->pMethods->xFileSize(file, &size);

	if (rc != SQLITE_OK)
		return rc;
	if (size / n >= PAGES_MAX)
		return real_of(file)->xWrite(file, page, n, at);
	memcpy(copy, page, (size_t)n);
	memset(copy + begin, 0, len);
	return real_of(file)->xWrite(file, copy, n, at);
}

static int write_page(sqlite3_file *file, const void *page, int n, sqlite3_int64 at)
{
	size_t begin = 0, len = 0;

	if (is_page(n, at))
		len = gap_of(page, (size_t)n, at == 0 ? FILE_HEADER : 0, &begin);
	if (len == 0 || is_zeros((const unsigned char *)page + begin, len))
		return real_of(file)->xWrite(file, page, n, at);
	return write_erased(file, page, n, at, begin, len);
}

void gap_watch(sqlite3_file *file)
{
	enum { KINDS = 4 }; /* a process has one VFS; a test may bring more */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct kind kinds[KINDS];
	size_t i = 0;

	if (!file->pMethods) /* of a database in memory */
		return;
	pthread_mutex_lock(&lock);
	while (i < KINDS && kinds[i].real && kinds[i].real != file->pMethods)
		i++;
	assert(i < KINDS);
	if (!kinds[i].real) {
		kinds[i].real = file->pMethods;
		kinds[i].ours = *file->pMethods;
		kinds[i].ours.xWrite = write_page;
	}
	file->pMethods = &kinds[i].ours;
	pthread_mutex_unlock(&lock);
}
