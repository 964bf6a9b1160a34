/* SPDX-License-Identifier: MIT
 * Preloaded into a program: its n-th allocation fails, whoever asks for it, and so many after
 * it. NO_MEMORY="N COUNT"; without it all are only counted. At exit the count is written to
 * the file NO_MEMORY_COUNT. NO_MEMORY_OF="libcurl": only that library's are meant. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Atomic(long) allocations;
static long first, count;
static uintptr_t code_from, code_until = UINTPTR_MAX; /* whose allocations are meant */

static int find_code(struct dl_phdr_info *info, size_t size, void *library)
{
	(void)size;
	if (!strstr(info->dlpi_name, library))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		code_from = info->dlpi_addr + part->p_vaddr;
		code_until = code_from + part->p_memsz;
	}
	return 1;
}

/* Before the program's own constructors, and without an allocation. */
__attribute__((constructor(101))) static void begin(void)
{
	const char *text = getenv("NO_MEMORY");
	char *end, *library = getenv("NO_MEMORY_OF");

	if (library && dl_iterate_phdr(find_code, library) == 0)
		abort();
	atomic_store(&allocations, 0);
	if (!text)
		return;
	count = 0;
	first = strtol(text, &end, 10);
	count = strtol(end, NULL, 10);
}

__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("NO_MEMORY_COUNT");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%ld\n", atomic_load(&allocations));
	close(fd);
}

static bool fails(const void *caller)
{
	long n;

	if ((uintptr_t)caller < code_from || (uintptr_t)caller >= code_until)
		return false;
	n = atomic_fetch_add(&allocations, 1) + 1;
	if (count == 0 || n < first || n - first >= count)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *made = fails(__builtin_return_address(0))
			     ? NULL
			     : __libc_memalign(alignment, size);

	if (!made)
		return ENOMEM;
	*out = made;
	return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL
						  : __libc_memalign(alignment, size);
}
