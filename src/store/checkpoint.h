/* SPDX-License-Identifier: MIT
 * checkpoint.h - moving the WAL into the database without the WAL-reset race.
 *
 * SQLite before 3.51.3 (3.50.7, 3.44.6) corrupts a database when one connection commits while
 * another checkpoints a WAL that is checkpointed already. So the write lock is held on one
 * connection while another checkpoints PASSIVE; RESTART and TRUNCATE are never used.
 *
 * Owns:    its second connection, from checkpoint_open to checkpoint_close.
 * Thread:  the writer's; outside a transaction.
 * Errors:  the database's; a checkpoint that a reader held back is no error.
 * See:     https://www.sqlite.org/wal.html#walresetbug */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/intact.h"
#include "store/wal_index.h"

/* A part of what an application's own automatic checkpoint waits for (1000), so that this
 * never has cause to run. */
#define CHECKPOINT_DUE_PAGES 600

struct checkpoint {
	struct db *writer; /* borrowed: holds the write lock meanwhile */
	struct db db;
	struct intact *intact;         /* looked at before; NULL: not */
	const struct wal_index *index; /* borrowed; may be NULL */
	uint32_t left;     /* frames that a reader kept the last try from moving, */
	uint64_t tried_ms; /* monotonic: when that was, */
	uint32_t pause_ms; /* and for so long there is no other */
	int wal_pages;  /* in the WAL after the writer's last commit, all connections' */
	bool committed; /* by the writer; whoever asks clears it */
};

MUST_CHECK enum err_code checkpoint_open(struct checkpoint *c, struct db *writer,
					 struct err *e);
void checkpoint_close(struct checkpoint *c);

/* So many that are in the WAL and not in the database are enough for a checkpoint: a part of what
 * an application's own waits for, and as many again as a reader keeps it from moving. */
uint32_t checkpoint_due_frames(const struct checkpoint *c);
/* Where the WAL is long; while a reader keeps it from beginning anew, some times a second. */
MUST_CHECK enum err_code checkpoint_if_due(struct checkpoint *c, struct err *e);

MUST_CHECK enum err_code checkpoint_now(struct checkpoint *c, struct err *e);

/* A checkpoint, then one small commit that starts the WAL anew and cuts the file to nothing. */
MUST_CHECK enum err_code checkpoint_shrink(struct checkpoint *c, struct err *e);

#endif
