/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "cmd/feed.h"
#include "cmd/own_files.h"
#include "cmd/progress.h"
#include "cmd/verbs.h"
#include "store/checkpoint.h"

enum {
	COMMIT_MS = 20,    /* no other writer waits much longer, */
	LOOK_ROWS = 64,    /* and the clock is looked at so often */
	ERRORS_MAX = 1000, /* of those in the JSON */
};

struct job {
	const struct cmd *cmd;
	struct feed_options format;
	bool stop; /* at the first bad line */
	struct db *db;
	struct enqueue put;
	struct checkpoint checkpoint;
	struct progress progress;
	struct feed *feed;
	int fd;
	int64_t size;               /* bytes; 0: not known */
	int64_t good, bad, pending; /* pending: put, not yet committed */
	uint64_t began_ms;
	bool open; /* a transaction is */
	json_t *errors;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* What is read ends; what was put is committed. A second one ends the process at once. */
static void catch_signals(void)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	interrupted = 0;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

static enum err_code open_file(const struct cmd *c, const char *path, int *fd,
			       struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "'%s': %s",
			       path, strerror(errno));
	if (own_files_are_database(c->db_path, path))
		return err_set(e, ERR_USAGE,
			       "'%s' is the database, not what goes into it", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_NOINPUT, "'%s' is a folder", path);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "'%s': %s",
			       path, strerror(errno));
	return ERR_OK;
}

static enum err_code open_input(const struct cmd *c, struct job *j, struct err *e)
{
	const char *path = c->argc > 0 ? c->argv[0] : "-";
	size_t len = strlen(path);
	struct stat st;

	j->fd = STDIN_FILENO;
	if (strcmp(path, "-") != 0 && open_file(c, path, &j->fd, e) != ERR_OK)
		return e->code;
	if (j->format.format == FEED_GUESS && len > 4 &&
	    str_ieq(str_of(path + len - 4), STR(".csv")))
		j->format.format = FEED_CSV;
	if (fstat(j->fd, &st) == 0 && S_ISREG(st.st_mode))
		j->size = st.st_size;
	j->feed = feed_new(j->fd, &j->format);
	return ERR_OK;
}

/* A quote that is not closed takes the lines behind it with it: both ends are told. */
static void complain(struct job *j, const char *wrong)
{
	long long line = feed_line(j->feed), last = feed_lines(j->feed);

	j->bad++;
	progress_clear(&j->progress);
	if (last > line)
		fprintf(stderr, "convey: lines %lld to %lld: %s\n", line, last, wrong);
	else
		fprintf(stderr, "convey: line %lld: %s\n", line, wrong);
	if (json_array_size(j->errors) < ERRORS_MAX)
		json_array_append_new(j->errors,
				      json_pack("{s:I, s:I, s:s}", "line",
						(json_int_t)line, "last_line",
						(json_int_t)last, "error", wrong));
}

static enum err_code commit(struct job *j, struct err *e)
{
	e->code = ERR_OK;
	if (j->open) {
		if (db_commit(j->db, e) != ERR_OK)
			return e->code;
		j->open = false;
		if (checkpoint_if_due(&j->checkpoint, e) != ERR_OK)
			return e->code;
	}
	j->good += j->pending;
	j->pending = 0;
	progress_show(&j->progress, feed_bytes(j->feed), j->good);
	return ERR_OK;
}

static enum err_code put(struct job *j, const struct enqueue_row *row, struct err *e)
{
	if (!j->cmd->dry_run) {
		if (!j->open && db_begin(j->db, e) != ERR_OK)
			return e->code;
		j->open = true;
		if (enqueue_put(&j->put, row, e) != ERR_OK)
			return e->code;
	}
	if (j->pending++ == 0)
		j->began_ms = clock_mono_ms();
	if (j->pending % LOOK_ROWS == 0 && clock_mono_ms() - j->began_ms >= COMMIT_MS)
		return commit(j, e);
	return ERR_OK;
}

/* Nothing is waited for while a transaction is open: the input may be slow, and producers
 * would wait with it. */
static enum err_code put_all(struct job *j, struct err *e)
{
	enum feed_next what = FEED_LATER;
	struct enqueue_row row;
	const char *wrong;

	while (what != FEED_END && !interrupted && !(j->stop && j->bad)) {
		if (feed_next(j->feed, j->pending == 0, &what, &row, &wrong, e) != ERR_OK)
			break;
		if (what == FEED_BAD)
			complain(j, wrong);
		if (what == FEED_ROW && put(j, &row, e) != ERR_OK)
			return e->code;
		if (what == FEED_LATER && commit(j, e) != ERR_OK)
			return e->code;
	}
	if (e->code == ERR_OK)
		return commit(j, e);
	if (commit(j, &(struct err){ERR_OK, ""}) != ERR_OK)
		db_rollback(j->db);
	return e->code;
}

/* It would be lost in silence: a payload's top may hold anything. */
static void warn_stray(const struct job *j)
{
	struct feed_note stray = feed_stray(j->feed), unread = feed_unread(j->feed);

	if (stray.what)
		cmd_say(j->cmd,
			"warning: line %lld has at its top, where nobody reads it, what "
			"belongs into %s%s",
			(long long)stray.line, stray.what,
			stray.lines > 1 ? "; so have others" : "");
	if (unread.what)
		cmd_say(j->cmd,
			"warning: line %lld has at its top what nobody reads: %s%s",
			(long long)unread.line, unread.what,
			unread.lines > 1 ? "; so have others" : "");
}

static void report(const struct job *j, enum err_code e)
{
	const struct cmd *c = j->cmd;
	json_t *result;

	cmd_say(c, "%s %lld conversion%s%s", c->dry_run ? "would enqueue" : "enqueued",
		(long long)j->good, j->good == 1 ? "" : "s",
		interrupted               ? ", then it was interrupted"
		: j->bad || e || !j->good ? ""
					  : "; every line was good");
	warn_stray(j);
	result = json_pack("{s:I, s:I, s:I}", "lines",
			   (json_int_t)(feed_lines(j->feed) - feed_header_lines(j->feed)),
			   "enqueued", (json_int_t)j->good, "bad", (json_int_t)j->bad);
	if (j->bad)
		json_object_set(result, "errors", j->errors);
	cmd_result(c, result);
}

static enum err_code finish(struct job *j, struct err *e)
{
	progress_clear(&j->progress);
	report(j, e->code);
	if (e->code != ERR_OK)
		return j->good ? err_wrap(e, "after %lld conversions", (long long)j->good)
			       : e->code;
	if (j->bad && j->stop)
		return err_set(
			e, ERR_DATA,
			"stopped at line %lld; what is before it is in: mend it and "
			"enqueue the rest",
			(long long)feed_line(j->feed));
	if (j->bad)
		return err_set(e, ERR_DATA, "%lld bad line%s: mend and enqueue %s again",
			       (long long)j->bad, j->bad == 1 ? "" : "s",
			       j->bad == 1 ? "it" : "them");
	return ERR_OK;
}

static enum err_code enqueue(struct job *j, struct err *e)
{
	const struct cmd *c = j->cmd;

	if (open_input(c, j, e) != ERR_OK || enqueue_open(&j->put, j->db, e) != ERR_OK)
		return e->code;
	if (c->dry_run || checkpoint_open(&j->checkpoint, j->db, e) == ERR_OK) {
		progress_begin(&j->progress, c, "conversions", j->size);
		catch_signals();
		put_all(j, e);
		finish(j, e);
	}
	if (!c->dry_run)
		checkpoint_close(&j->checkpoint);
	enqueue_close(&j->put);
	return e->code;
}

/* One of two words. */
static enum err_code read_word(const struct cmd *c, const char *option,
			       const char *const words[3], int *out, struct err *e)
{
	const char *value = cmd_value(c, option);
	struct nearest near;

	*out = -1;
	for (int i = 0; value && words[i]; i++)
		if (strcmp(value, words[i]) == 0)
			*out = i;
	if (!value || *out >= 0)
		return ERR_OK;
	nearest_init(&near, str_of(value));
	nearest_offer_all(&near, words);
	return err_set(e, ERR_USAGE, "--%s is %s or %s, not '%.40s'%s", option, words[0],
		       words[1], value, nearest_hint(&near));
}

static enum err_code check_columns(const struct cmd *c, int format, struct err *e)
{
	if (format == 0 && cmd_value(c, "ignore-columns"))
		return err_set(e, ERR_USAGE, "--ignore-columns is of use with CSV only");
	return ERR_OK;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	static const char *const formats[] = {"jsonl", "csv", NULL};
	static const char *const ways[] = {"skip", "stop", NULL};
	struct job job = {.cmd = c, .fd = -1};
	int format, way;
	struct db db;

	if (read_word(c, "format", formats, &format, e) != ERR_OK ||
	    read_word(c, "on-error", ways, &way, e) != ERR_OK ||
	    check_columns(c, format, e) != ERR_OK ||
	    cmd_open(c, c->dry_run ? DB_READ : DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	job.db = &db;
	job.stop = way == 1;
	job.format.format = (enum feed_format)(format + 1);
	job.format.ignore_columns = cmd_value(c, "ignore-columns") != NULL;
	job.errors = json_array();
	enqueue(&job, e);
	feed_free(job.feed);
	json_decref(job.errors);
	if (job.fd > STDIN_FILENO)
		close(job.fd);
	db_close(&db);
	if (interrupted) { /* as whoever waits for us expects it */
		signal(interrupted, SIG_DFL);
		raise(interrupted);
	}
	return e->code;
}

static const struct cmd_option options[] = {
	{"format", "jsonl|csv", "otherwise the file's name and its first line tell"},
	{"on-error", "skip|stop", "a bad line is left out (default), or ends it"},
	{"ignore-columns", NULL, "CSV: leave out columns that convey does not know"},
	{NULL, NULL, NULL},
};

const struct command cmd_enqueue = {
	.name = "enqueue",
	.usage = "[FILE] [--format jsonl|csv] [--on-error skip|stop] [--ignore-columns]",
	.summary = "put conversions into the outbox, out of JSON lines or CSV",
	.examples = "  convey enqueue orders.jsonl\n"
		    "  convey enqueue orders.csv --dry-run\n"
		    "  convey enqueue orders.csv --on-error stop\n"
		    "  echo '{\"event\":\"purchase\",\"event_id\":\"o-1\",\"properties\":"
		    "{\"value\":29.99,\"currency\":\"EUR\"}}' | convey enqueue\n",
	.notes = "A line of JSON has event, and may have event_id, event_time and the "
		 "members "
		 "of the payload\n"
		 "(schema/conversion.schema.json; installed: "
		 "/usr/share/doc/convey/examples).\n"
		 "A CSV file begins with a header: the names of the view conversion "
		 "(event, event_id,\n"
		 "event_time, page_url, email, value, currency, order_id, ...) or paths "
		 "in the payload\n"
		 "(user.first_name, properties.description). Bad lines are named; rows "
		 "are committed as\n"
		 "they come, so that what was read before an error is in.\n",
	.options = options,
	.kind = CMD_CHANGES,
	.operands_max = 1,
	.run = run,
};
