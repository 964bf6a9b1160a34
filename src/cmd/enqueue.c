/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/feed.h"
#include "cmd/verbs.h"

enum { PER_TRANSACTION = 1000, BAR_WIDTH = 30, BAD_SHOWN = 20 };

struct job {
	const struct cmd *cmd;
	struct db *db;
	FILE *file;
	int64_t size, read; /* bytes; size 0: not known */
	int64_t line, good, bad;
	bool bar;
};

/* Opening and closing the database itself would drop the locks SQLite holds on it. */
static enum err_code open_input(const struct cmd *c, struct job *j, struct err *e)
{
	struct stat in, db;

	j->file = stdin;
	if (c->argc > 0 && strcmp(c->argv[0], "-") != 0) {
		if (stat(c->argv[0], &in) != 0)
			return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT,
				       "'%s': %s", c->argv[0], strerror(errno));
		if (stat(c->db_path, &db) == 0 && db.st_ino == in.st_ino &&
		    db.st_dev == in.st_dev)
			return err_set(e, ERR_USAGE,
				       "'%s' is the database, not a file of JSON lines",
				       c->argv[0]);
		j->file = S_ISDIR(in.st_mode) ? NULL : fopen(c->argv[0], "re");
		if (!j->file)
			return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT,
				       "'%s': %s", c->argv[0],
				       S_ISDIR(in.st_mode) ? "is a folder"
							   : strerror(errno));
	}
	if (fstat(fileno(j->file), &in) == 0 && S_ISREG(in.st_mode))
		j->size = in.st_size;
	j->bar = isatty(STDERR_FILENO) && !c->json;
	return ERR_OK;
}

static void draw(const struct job *j, bool last)
{
	int filled = j->size ? (int)(j->read * BAR_WIDTH / (j->size + 1)) : 0;

	if (!j->bar)
		return;
	if (last) {
		fputs("\r\033[K", stderr);
		return;
	}
	fputs("\r\033[K", stderr);
	if (j->size)
		fprintf(stderr, "[%.*s%*s] ", filled, "##############################",
			BAR_WIDTH - filled, "");
	fprintf(stderr, "%lld conversions", (long long)j->good);
}

static void complain(struct job *j, const char *wrong)
{
	if (j->bad++ < BAD_SHOWN) {
		draw(j, true);
		fprintf(stderr, "convey: line %lld: %s\n", (long long)j->line, wrong);
	} else if (j->bad == BAD_SHOWN + 1) {
		fputs("convey: further bad lines are only counted\n", stderr);
	}
}

/* Puts up to PER_TRANSACTION lines; *more is false at the end. */
static enum err_code put_some(struct job *j, struct feed *f, struct enqueue *q,
			      bool *more, struct err *e)
{
	struct enqueue_row row;
	const char *wrong;

	for (int i = 0; i < PER_TRANSACTION; i++) {
		*more = feed_next(f, &row, &wrong);
		if (!*more)
			return ERR_OK;
		j->line = feed_line(f);
		j->read = feed_read(f);
		if (wrong) {
			complain(j, wrong);
			continue;
		}
		if (!j->cmd->dry_run && enqueue_put(q, &row, e) != ERR_OK)
			return e->code;
		j->good++;
	}
	return ERR_OK;
}

static enum err_code put_all(struct job *j, struct feed *f, struct enqueue *q,
			     struct err *e)
{
	bool more = true;

	while (more) {
		int64_t before = j->good;

		if (!j->cmd->dry_run && db_begin(j->db, e) != ERR_OK)
			return e->code;
		if (put_some(j, f, q, &more, e) != ERR_OK ||
		    (!j->cmd->dry_run && db_commit(j->db, e) != ERR_OK)) {
			db_rollback(j->db);
			j->good = before;
			return err_wrap(e, "after %lld conversions", (long long)j->good);
		}
		draw(j, !more);
	}
	if (ferror(j->file))
		return err_set(e, ERR_IO, "read: %s", strerror(errno));
	return ERR_OK;
}

static enum err_code finish(const struct job *j, struct err *e)
{
	const struct cmd *c = j->cmd;

	cmd_say(c, "%s %lld conversion%s%s", c->dry_run ? "would enqueue" : "enqueued",
		(long long)j->good, j->good == 1 ? "" : "s",
		j->bad ? "" : "; every line was good");
	cmd_result(c,
		   json_pack("{s:I, s:I, s:I}", "lines", (json_int_t)j->line, "enqueued",
			     (json_int_t)j->good, "bad", (json_int_t)j->bad));
	if (e->code == ERR_OK && j->bad)
		return err_set(e, ERR_DATA, "%lld bad line%s: mend and enqueue %s again",
			       (long long)j->bad, j->bad == 1 ? "" : "s",
			       j->bad == 1 ? "it" : "them");
	return e->code;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct job job = {.cmd = c};
	struct enqueue q;
	struct feed *f;
	struct db db;

	if (cmd_open(c, c->dry_run ? DB_READ : DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	job.db = &db;
	if (open_input(c, &job, e) == ERR_OK && enqueue_open(&q, &db, e) == ERR_OK) {
		f = feed_new(job.file);
		e->code = put_all(&job, f, &q, e);
		e->code = finish(&job, e);
		feed_free(f);
		enqueue_close(&q);
	}
	if (job.file && job.file != stdin)
		fclose(job.file);
	db_close(&db);
	return e->code;
}

const struct command cmd_enqueue = {
	.name = "enqueue",
	.usage = "[FILE]",
	.summary = "put conversions into the outbox, a JSON object a line",
	.examples = "  convey enqueue orders.jsonl\n"
		    "  echo '{\"event\":\"purchase\",\"event_id\":\"o-1\",\"properties\":"
		    "{\"value\":29.99,\"currency\":\"EUR\"}}' | convey enqueue\n",
	.notes = "A line has event, and may have event_id, event_time and the members of "
		 "the payload\n"
		 "(schema/conversion.schema.json). Bad lines are named and left out; the "
		 "others go in.\n",
	.kind = CMD_CHANGES,
	.operands_max = 1,
	.run = run,
};
