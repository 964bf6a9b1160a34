/* SPDX-License-Identifier: MIT */
#include "run/writer.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "store/prune.h"
#include "store/reissue.h"
#include "store/wal_rewrite.h"

enum { ALONE_MS = 1000 };

enum err_code writer_check_file(const struct writer *w, struct err *e)
{
	if (!lock_same_file(&w->lock))
		return err_set(e, ERR_NOINPUT,
			       "'%s' was deleted or replaced while the relay ran; start "
			       "the relay again",
			       w->lock.path);
	if (w->lock.fd >= 0 && !lock_same_lock(&w->lock))
		return err_set(e, ERR_NOINPUT,
			       "'%s.lock' was deleted while the relay ran, and another "
			       "relay can start beside it; start one relay again",
			       w->lock.path);
	return ERR_OK;
}

int64_t writer_written_ns(const struct writer *w)
{
	struct stat st;

	if (stat(w->lock.path, &st) != 0)
		return 0;
	return st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

/* Inside the transaction: nobody else can commit before it does. */
static void note_others(struct writer *w)
{
	uint32_t commits = wal_index_commits(&w->index);

	if (commits == w->commits)
		return;
	w->others_ms = clock_mono_ms();
	w->news++;
	w->commits = commits;
}

/* `silent`: there is nothing in it to read. */
static void note_own(struct writer *w, bool silent)
{
	if (w->checkpoint.committed)
		w->commits++;
	if (!silent)
		w->news++;
	w->checkpoint.committed = false;
}

bool writer_has_news(const struct writer *w, uint32_t *seen)
{
	bool any = wal_index_commits(&w->index) != w->commits;
	uint32_t news = w->news;

	any = any || news != *seen || !w->index.head;
	*seen = news;
	return any;
}

bool writer_is_alone(const struct writer *w)
{
	return clock_mono_ms() - w->others_ms >= ALONE_MS;
}

/* Another file in its place, since it was last looked, is overwritten too; the remedy is another. */
static void prefer_replaced(const struct writer *w, struct err *e)
{
	struct err replaced;

	if (writer_check_file(w, &replaced) != ERR_OK)
		*e = replaced;
}

static enum err_code begin(struct writer *w, struct err *e)
{
	if (w->lost.code != ERR_OK) {
		*e = w->lost;
		return e->code;
	}
	if (writer_check_file(w, e) != ERR_OK)
		return e->code;
	w->queue.now_ms = clock_wall_ms();
	if (db_begin(&w->db, e) != ERR_OK)
		return e->code;
	if (intact_check(&w->intact, e) != ERR_OK) {
		db_rollback(&w->db);
		prefer_replaced(w, e);
	} else {
		note_others(w);
	}
	pace_locked(&w->pace);
	return e->code;
}

/* After a failed sync nothing is tried again on these handles. */
static void note_lost(struct writer *w, const struct err *e)
{
	if (e->code != ERR_SYNC || w->lost.code != ERR_OK)
		return;
	w->lost = *e;
	db_keep_wal(&w->db);
	db_keep_wal(&w->checkpoint.db);
}

static void abandon(struct writer *w)
{
	w->refusal = w->db.refusal;
	db_rollback(&w->db);
	pace_unlocked(&w->pace);
	dedup_rollback(&w->queue.dedup);
	edges_rollback(&w->edges);
}

static enum err_code commit(struct writer *w, bool silent, struct err *e)
{
	if (intact_about_to_commit(&w->intact, e) != ERR_OK ||
	    db_commit(&w->db, e) != ERR_OK) {
		if (e->code == ERR_NOINPUT)
			prefer_replaced(w, e);
		note_lost(w, e);
		abandon(w);
		return e->code;
	}
	pace_unlocked(&w->pace);
	intact_committed(&w->intact);
	note_own(w, silent);
	dedup_commit(&w->queue.dedup);
	edges_commit(&w->edges);
	return ERR_OK;
}

static void serve_alone(struct writer *w, struct job *job)
{
	if (begin(w, &job->err) != ERR_OK)
		return;
	job->work(job, w);
	note_lost(w, &job->err);
	if (job->err.code != ERR_OK)
		abandon(w);
	else if (commit(w, job->silent, &job->err) != ERR_OK)
		return;
}

/* None waits for the lock once more where it was not to be had. */
static void give_up_all(struct job *jobs, const struct err *e)
{
	for (struct job *job = jobs; job; job = job->next)
		job->err = *e;
}

/* All jobs in one transaction; false where one of them failed and nothing was written. */
static bool serve_together(struct writer *w, struct job *jobs)
{
	struct err err = {ERR_OK, ""};
	bool silent = true;

	if (begin(w, &err) != ERR_OK) {
		give_up_all(jobs, &err);
		return true;
	}
	for (struct job *job = jobs; job; job = job->next) {
		silent = silent && job->silent;
		job->work(job, w);
		if (job->err.code != ERR_OK) {
			note_lost(w, &job->err);
			abandon(w);
			return false;
		}
	}
	return commit(w, silent, &err) == ERR_OK;
}

/* What keeps the file in order happens behind the commit, where nobody waits for it. Its
 * failures are the disk's and show in the next commit. */
static void tidy(struct writer *w)
{
	struct err ignored = {ERR_OK, ""};
	bool ids = dedup_wants_tidy(&w->queue.dedup);
	bool edges = edges_want_tidy(&w->edges);

	if ((ids || edges) && begin(w, &ignored) == ERR_OK) {
		if ((!ids || dedup_tidy(&w->queue.dedup, &ignored) == ERR_OK) &&
		    (!edges || edges_tidy(&w->edges, &ignored) == ERR_OK))
			ignored.code = commit(w, true, &ignored);
		else
			abandon(w);
		note_lost(w, &ignored);
	}
}

void writer_hurry(struct writer *w)
{
	turn_hurry(&w->db.turn);
	turn_hurry(&w->checkpoint.db.turn);
}

/* A frame or two are the cut's own. */
enum { WAL_CUT_BYTES = 64 * 1024 };

int64_t writer_wal_bytes(const struct writer *w)
{
	char path[sizeof(w->db.path) + 4];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", w->db.path);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void cut_wal(struct writer *w)
{
	struct err ignored = {ERR_OK, ""};

	w->cut_wal = false;
	w->wal_uncut = checkpoint_shrink(&w->checkpoint, &ignored) != ERR_OK ||
		       writer_wal_bytes(w) > WAL_CUT_BYTES;
	note_own(w, true);
	note_lost(w, &ignored);
}

/* Locks the database as well, nearly all the time that it takes. */
static void checkpoint(struct writer *w)
{
	struct err ignored = {ERR_OK, ""};

	if (w->lost.code == ERR_OK &&
	    checkpoint_if_due(&w->checkpoint, &ignored) != ERR_OK)
		note_lost(w, &ignored);
	if (w->cut_wal && w->lost.code == ERR_OK)
		cut_wal(w);
}

void writer_serve(void *state, struct job *jobs)
{
	struct writer *w = state;

	if (!jobs->next) {
		serve_alone(w, jobs);
	} else if (!serve_together(w, jobs)) {
		for (struct job *job = jobs; job; job = job->next) {
			job->err.code = ERR_OK;
			serve_alone(w, job);
		}
	}
	tidy(w);
	pace_locked(&w->pace);
	checkpoint(w);
	pace_unlocked(&w->pace);
}

/* What came before is on the disk before anything is committed behind it. */
static enum err_code keep(struct writer *w, struct err *e)
{
	if (wal_rewrite(&w->db, e) != ERR_OK)
		note_lost(w, e);
	return e->code;
}

static enum err_code recover(struct writer *w, int *recovered, struct err *e)
{
	if (begin(w, e) != ERR_OK)
		return e->code;
	if (queue_recover(&w->queue, recovered, e) != ERR_OK) {
		note_lost(w, e);
		abandon(w);
		return err_wrap(e, "recover");
	}
	return commit(w, false, e);
}

enum err_code writer_read_floors(struct writer *w, bool drop, struct err *e)
{
	struct prune_floors floors;

	if (prune_floors_read(&w->db, &floors, e) != ERR_OK)
		return e->code;
	edges_set_floors(&w->edges, floors.outbox_id, floors.visit_id);
	return dedup_set_floor(&w->queue.dedup, floors.dedup_id, drop, e);
}

static enum err_code reissue_ids_of(struct writer *w, struct err *e)
{
	struct log_line line;
	int64_t moved;

	if (reissue_ids(&w->db, &moved, e) != ERR_OK || moved == 0)
		return e->code;
	line = log_begin(LOG_WARN, "ids_began_again");
	log_field(&line, "moved", "%lld", (long long)moved);
	log_end(&line);
	return ERR_OK;
}

enum err_code writer_open(struct writer *w, const char *path, int *recovered,
			  struct err *e)
{
	*w = (struct writer){.lock = {.fd = -1}};
	if (lock_find(&w->lock, path, e) != ERR_OK)
		return e->code;
	/* A file that is none of ours gets no lock beside it. */
	if (db_open(&w->db, w->lock.path, DB_WRITE, e) == ERR_OK &&
	    migrate_check(&w->db, e) == ERR_OK && lock_take(&w->lock, e) == ERR_OK &&
	    db_use_wal(&w->db, e) == ERR_OK && reissue_ids_of(w, e) == ERR_OK &&
	    queue_open(&w->queue, &w->db, e) == ERR_OK &&
	    (w->has_kinship = kinship_open(&w->kinship, &w->db, e) == ERR_OK) &&
	    edges_open(&w->edges, &w->db, &w->kinship, e) == ERR_OK &&
	    ingest_open(&w->ingest, &w->db, &w->edges, e) == ERR_OK &&
	    checkpoint_open(&w->checkpoint, &w->db, e) == ERR_OK &&
	    intact_open(&w->intact, &w->db, e) == ERR_OK && keep(w, e) == ERR_OK &&
	    recover(w, recovered, e) == ERR_OK) {
		w->checkpoint.intact = &w->intact;
		/* Without it every write to the WAL is followed by a look. */
		if (wal_index_open(&w->index, &w->db)) {
			w->commits = wal_index_commits(&w->index);
			w->db.turn.index = w->checkpoint.db.turn.index = &w->index;
			w->checkpoint.index = &w->index;
		}
		lock_note_companions(&w->lock);
		return ERR_OK;
	}
	writer_close(w);
	return e->code;
}

static void leave_to_others(void *state)
{
	struct writer *w = state;

	pace_rest(&w->pace, &w->index, checkpoint_due_frames(&w->checkpoint),
		  w->others_ms);
}

enum err_code writer_start(struct writer *w, uv_loop_t *loop, struct err *e)
{
	static const struct lane_way way = {writer_serve, leave_to_others};
	void *states[] = {w};

	return lane_open(&w->lane, loop, "writer", states, 1, &way, e);
}

/* The last to close a database writes its WAL into it. */
static void spare_others(struct writer *w)
{
	struct err ignored;

	if (intact_check(&w->intact, &ignored) != ERR_OK) {
		db_keep_wal(&w->db);
		db_keep_wal(&w->checkpoint.db);
	}
	intact_close(&w->intact);
}

void writer_index_rest(struct writer *w)
{
	struct err ignored = {ERR_OK, ""};

	if (!edges_want_index(&w->edges) || begin(w, &ignored) != ERR_OK)
		return;
	if (edges_index(&w->edges, &ignored) != ERR_OK)
		abandon(w);
	else
		ignored.code = commit(w, true, &ignored);
}

void writer_close(struct writer *w)
{
	if (w->queue.db)
		queue_close(&w->queue);
	if (w->ingest.db)
		ingest_close(&w->ingest);
	if (w->edges.db)
		edges_close(&w->edges);
	if (w->has_kinship)
		kinship_close(&w->kinship);
	if (w->intact.db)
		spare_others(w);
	if (w->checkpoint.writer)
		checkpoint_close(&w->checkpoint);
	if (w->db.handle)
		db_close(&w->db);
	lock_drop(&w->lock);
	*w = (struct writer){.lock = {.fd = -1}};
}
