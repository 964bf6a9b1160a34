/* SPDX-License-Identifier: MIT */
#include "store/wal_index.h"

#include <string.h>

enum { WAL_INDEX_BYTES = 32768 };
enum {
	COMMITS_AT = 8,
	FRAMES_AT = 16,
	SALTS_AT = 32,
	BACKFILL_AT = 96,
	ATTEMPTED_AT = 128
};

bool wal_index_open(struct wal_index *w, struct db *db)
{
	volatile void *region = NULL;
	sqlite3_file *file = NULL;

	*w = (struct wal_index){NULL};
	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
		    SQLITE_OK ||
	    !file || !file->pMethods || file->pMethods->iVersion < 2 ||
	    file->pMethods->xShmMap(file, 0, WAL_INDEX_BYTES, 0, &region) != SQLITE_OK)
		return false;
	w->head = region;
	return w->head != NULL;
}

static uint32_t at(const struct wal_index *w, size_t offset)
{
	return w->head ? *(volatile const uint32_t *)(volatile const void *)(w->head +
									     offset)
		       : 0;
}

uint32_t wal_index_commits(const struct wal_index *w)
{
	return at(w, COMMITS_AT);
}

uint32_t wal_index_frames(const struct wal_index *w)
{
	uint32_t frames = at(w, FRAMES_AT), backfill = at(w, BACKFILL_AT);

	return frames > backfill ? frames - backfill : 0;
}

void wal_index_progress(const struct wal_index *w, struct wal_index_progress *out)
{
	*out = (struct wal_index_progress){
		.salt = {at(w, SALTS_AT), at(w, SALTS_AT + 4)},
		.backfill = at(w, BACKFILL_AT),
		.attempted = at(w, ATTEMPTED_AT),
	};
}
