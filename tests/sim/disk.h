/* SPDX-License-Identifier: MIT
 * disk.h - files that outlive a life: what was written, and what of it is on the disk.
 *
 * A write goes to the page cache and to a list; a sync empties the list onto the disk. When the
 * power is cut, what is still in the list happens or not, or in part, in any choice.
 *
 * Owns:    memory shared with the processes to come.
 * Thread:  one.
 * Errors:  none. */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_FILES 6
#define DISK_FILE_MAX (16 << 20)

enum disk_op_kind { DISK_WRITE, DISK_TRUNCATE, DISK_CREATE, DISK_DELETE };

struct disk_op {
	enum disk_op_kind kind;
	int64_t at, len; /* DISK_TRUNCATE: len is the size */
	size_t bytes;    /* where they are in the log */
};

/* One view of a file. */
struct disk_image {
	bool exists;
	int64_t size;
	unsigned char *bytes;
};

struct disk_file {
	char name[128];
	struct disk_image cache, platter;
	struct disk_op *ops;
	int op_count;
	unsigned char *log;
	size_t log_len;
	bool unkept; /* a sync failed: what it was to keep may be gone */
};

struct disk {
	struct disk_file files[DISK_FILES];
};

/* NULL where there is none; made where `create`. */
struct disk_file *disk_find(const char *name, bool create);
void disk_write(struct disk_file *f, const void *bytes, int64_t len, int64_t at);
void disk_truncate(struct disk_file *f, int64_t size);
void disk_delete(struct disk_file *f);
void disk_sync(struct disk_file *f);

/* As Linux has it: what was to be written counts as written, and is not. */
void disk_sync_fails(struct disk_file *f);
void disk_cut_power(void);

void disk_init(void);

/* Nothing is there any more. */
void disk_reset(void);

#endif
