/* SPDX-License-Identifier: MIT */
#include "disk.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

enum { OPS_MAX = 1 << 15, SECTOR = 512 };
#define LOG_MAX ((size_t)48 << 20)

void disk_init(void)
{
	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &world->disk.files[i];

		f->cache.bytes = world_map(DISK_FILE_MAX);
		f->platter.bytes = world_map(DISK_FILE_MAX);
		f->ops = world_map(OPS_MAX * sizeof(*f->ops));
		f->log = world_map(LOG_MAX);
	}
}

void disk_reset(void)
{
	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &world->disk.files[i];

		f->name[0] = '\0';
		f->cache.exists = f->platter.exists = false;
		f->cache.size = f->platter.size = 0;
		f->op_count = 0;
		f->log_len = 0;
		f->unkept = false;
	}
}

/* Behind its end a file is zeros, whatever an earlier one left there. */
static void grow(struct disk_image *m, int64_t to)
{
	assert(to <= DISK_FILE_MAX);
	if (to > m->size) {
		memset(m->bytes + m->size, 0, (size_t)(to - m->size));
		m->size = to;
	}
}

static void write_part(struct disk_image *m, const unsigned char *bytes, int64_t len,
		       int64_t at)
{
	if (!m->exists || len <= 0)
		return;
	grow(m, at);
	if (at + len > m->size)
		m->size = at + len;
	assert(m->size <= DISK_FILE_MAX);
	memcpy(m->bytes + at, bytes, (size_t)len);
}

static void apply(struct disk_image *m, const struct disk_op *op,
		  const unsigned char *bytes)
{
	switch (op->kind) {
	case DISK_WRITE: write_part(m, bytes, op->len, op->at); break;
	case DISK_TRUNCATE:
		grow(m, op->len);
		m->size = op->len;
		break;
	case DISK_CREATE:
		if (!m->exists)
			m->size = 0;
		m->exists = true;
		break;
	case DISK_DELETE:
		m->exists = false;
		m->size = 0;
		break;
	}
}

/* What has waited long is written back, as a kernel does. */
static void note(struct disk_file *f, enum disk_op_kind kind, const void *bytes,
		 int64_t len, int64_t at)
{
	size_t size = kind == DISK_WRITE ? (size_t)len : 0;
	struct disk_op *op;

	if (f->op_count == OPS_MAX || f->log_len + size > LOG_MAX)
		disk_sync(f);
	op = &f->ops[f->op_count++];
	*op = (struct disk_op){.kind = kind, .at = at, .len = len, .bytes = f->log_len};
	if (size) {
		memcpy(f->log + f->log_len, bytes, size);
		f->log_len += size;
	}
	apply(&f->cache, op, bytes);
}

struct disk_file *disk_find(const char *name, bool create)
{
	struct disk_file *free_one = NULL;

	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &world->disk.files[i];

		if (strcmp(f->name, name) == 0) {
			if (!f->cache.exists && create)
				note(f, DISK_CREATE, "", 0, 0);
			return f->cache.exists ? f : NULL;
		}
		if (!f->name[0] && !free_one)
			free_one = f;
	}
	if (!create)
		return NULL;
	assert(free_one);
	snprintf(free_one->name, sizeof(free_one->name), "%s", name);
	note(free_one, DISK_CREATE, "", 0, 0);
	return free_one;
}

void disk_write(struct disk_file *f, const void *bytes, int64_t len, int64_t at)
{
	note(f, DISK_WRITE, bytes, len, at);
}

void disk_truncate(struct disk_file *f, int64_t size)
{
	note(f, DISK_TRUNCATE, "", size, 0);
}

void disk_delete(struct disk_file *f)
{
	note(f, DISK_DELETE, "", 0, 0);
}

static void forget_ops(struct disk_file *f)
{
	f->op_count = 0;
	f->log_len = 0;
}

void disk_sync(struct disk_file *f)
{
	for (int i = 0; i < f->op_count; i++)
		apply(&f->platter, &f->ops[i], f->log + f->ops[i].bytes);
	forget_ops(f);
}

/* Each sector of a write by itself, as no disk promises more. */
static void apply_torn(struct disk_image *m, const struct disk_op *op,
		       const unsigned char *bytes)
{
	for (int64_t from = 0; from < op->len;) {
		int64_t end = ((op->at + from) / SECTOR + 1) * SECTOR - op->at;

		if (end > op->len)
			end = op->len;
		if (chance_hit(CHANCE_DISK, 500))
			write_part(m, bytes + from, end - from, op->at + from);
		from = end;
	}
}

/* `kept` in a thousand happen, a tenth of the others in part. */
static void apply_some(struct disk_file *f, int kept)
{
	for (int i = 0; i < f->op_count; i++) {
		const struct disk_op *op = &f->ops[i];
		const unsigned char *bytes = f->log + op->bytes;

		if (chance_hit(CHANCE_DISK, kept))
			apply(&f->platter, op, bytes);
		else if (op->kind == DISK_WRITE && kept > 0 &&
			 chance_hit(CHANCE_DISK, 100))
			apply_torn(&f->platter, op, bytes);
	}
	forget_ops(f);
}

void disk_sync_fails(struct disk_file *f)
{
	apply_some(f, (int)chance_below(CHANCE_DISK, 1001));
	f->unkept = true;
}

void disk_cut_power(void)
{
	static const int choices[] = {0, 1000, 500, 900, 100};
	int kept = choices[chance_below(CHANCE_DISK, 5)];

	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &world->disk.files[i];

		apply_some(f, kept);
		f->cache.exists = f->platter.exists;
		f->cache.size = f->platter.size;
		memcpy(f->cache.bytes, f->platter.bytes, (size_t)f->platter.size);
		f->unkept = false;
	}
}
