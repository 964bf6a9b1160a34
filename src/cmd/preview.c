/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/clean.h"
#include "cmd/line.h"
#include "cmd/verbs.h"
#include "cmd/which.h"
#include "run/body.h"
#include "run/subject.h"
#include "store/advice.h"

enum {
	FILE_MAX = 16 * 1024 * 1024,
	OUT_MAX = 64 * 1024 * 1024,
	NAMED_MAX = 10 /* bad lines */
};

struct preview {
	const struct cmd *cmd;
	struct subject subject;
	struct trace trace;
	struct buf body, out;
	bool reveal, any, sent;
};

static void trace_line(void *arg, const char *step, const char *text)
{
	struct preview *p = arg;
	struct buf clean;

	if (strcmp(step, "destination") == 0 && p->subject.judge.config->count == 1)
		return;
	buf_init(&clean, 4096);
	clean_text(&clean, str_of(text), CLEAN_LINE);
	cmd_say(p->cmd, "%-12s %s", step, buf_z(&clean));
	buf_fini(&clean);
}

static void add_json_text(struct buf *out, const char *name, struct str text)
{
	buf_addf(out, "\"%s\": ", name);
	if (text.len == 0) {
		buf_adds(out, STR("null"));
		return;
	}
	buf_addc(out, '"');
	buf_add_json(out, text);
	buf_addc(out, '"');
}

/* `status` NULL: the body would go. */
static void add_object(struct preview *p, const char *destination, const char *status,
		       enum reason reason, struct str advice)
{
	struct buf *out = &p->out;

	buf_adds(out, p->any ? STR(",\n  {\n    ") : STR("\n  {\n    "));
	add_json_text(out, "event_id", p->subject.judge.event_id);
	buf_adds(out, STR(",\n    "));
	add_json_text(out, "destination", str_of(destination));
	buf_adds(out, STR(",\n    "));
	add_json_text(out, "status", status ? str_of(status) : STR_NONE);
	buf_adds(out, STR(",\n    "));
	add_json_text(out, "reason", str_of(reason_word(reason)));
	buf_adds(out, STR(",\n    "));
	add_json_text(out, "advice", advice);
	buf_adds(out, STR(",\n    \"body\": "));
	if (status || !body_print(buf_str(&p->body), p->reveal, 2, out))
		buf_adds(out, STR("null"));
	buf_adds(out, STR("\n  }"));
	p->any = true;
}

static void say_reason(struct preview *p, const char *name, enum reason reason,
		       const char *advice)
{
	struct buf place;

	buf_init(&place, 100);
	if (reason == subject_reason(&p->subject))
		subject_tell_unread(&p->subject, &place);
	cmd_say(p->cmd, "%s: %s: %s%s. %s", name, status_word(reason_status(reason)),
		reason_word(reason), buf_z(&place), advice);
	buf_fini(&place);
}

/* One destination's answer; NULL: the row's, which reaches none. */
static enum err_code answer(struct preview *p, const char *destination,
			    enum reason reason, struct err *e)
{
	const char *name = destination ? destination : "nothing would be sent";
	struct buf advice;

	buf_init(&advice, 4096);
	if (reason == REASON_NONE)
		p->sent = true;
	if (advice_add(&p->subject.judge.db, reason, &advice, e) != ERR_OK) {
		buf_fini(&advice);
		return e->code;
	}
	if (p->cmd->json)
		add_object(p, destination,
			   reason ? status_word(reason_status(reason)) : NULL, reason,
			   buf_str(&advice));
	else if (reason != REASON_NONE)
		say_reason(p, name, reason, buf_z(&advice));
	else if (p->reveal)
		buf_adds(&p->out, buf_str(&p->body));
	else
		body_print(buf_str(&p->body), false, 0, &p->out);
	buf_fini(&advice);
	if (!p->cmd->json && reason == REASON_NONE) {
		cmd_say(p->cmd, "%s:", name);
		buf_addc(&p->out, '\n');
		fwrite(p->out.p, 1, p->out.len, stdout);
		fflush(stdout);
		buf_clear(&p->out);
	}
	return ERR_OK;
}

/* It waits until there is one. */
static enum err_code answer_nowhere(struct preview *p, struct err *e)
{
	if (p->cmd->json)
		add_object(p, NULL, status_word(STATUS_PENDING), REASON_NONE,
			   STR(SUBJECT_NO_DESTINATION));
	else
		cmd_say(p->cmd, "nothing would be sent: " SUBJECT_NO_DESTINATION);
	return e->code = ERR_OK;
}

#define IF_ANOTHER                                                                       \
	"If it is another conversion, insert it again under an event_id of its own."

static enum err_code answer_duplicate(struct preview *p, struct err *e)
{
	if (p->subject.first)
		cmd_say(p->cmd, "%-12s a duplicate of row %lld: it is not sent itself",
			"dedup", (long long)p->subject.first);
	else if (p->subject.foretold)
		cmd_say(p->cmd,
			"%-12s a duplicate of a row that is kept no more: it is not sent "
			"itself",
			"dedup");
	if (p->cmd->json)
		add_object(p, NULL, status_word(STATUS_DUPLICATE), REASON_NONE,
			   STR(IF_ANOTHER));
	else
		cmd_say(p->cmd, "nothing would be sent: duplicate. " IF_ANOTHER);
	return e->code = ERR_OK;
}

/* What would go, after the subject was judged. */
static enum err_code show(struct preview *p, struct err *e)
{
	struct judge *j = &p->subject.judge;
	enum reason reason = subject_reason(&p->subject);

	if (p->subject.duplicate)
		return answer_duplicate(p, e);
	if (subject_has_no_destination(&p->subject))
		return answer_nowhere(p, e);
	if (reason != REASON_NONE)
		return answer(p, NULL, reason, e);
	for (size_t i = 0; i < j->config->count; i++) {
		struct ruling *r = &j->rulings[i];

		if (!r->routed)
			continue;
		buf_clear(&p->body);
		reason = subject_body(&p->subject, r, &p->trace, &p->body);
		if (answer(p, r->destination->rules.name, reason, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static void row_of(const struct enqueue_row *from, int64_t now_ms, struct outbox_row *row)
{
	static const enum event_time_kind kinds[] = {
		[ENQUEUE_NO_TIME] = EVENT_TIME_NONE,
		[ENQUEUE_INT] = EVENT_TIME_INTEGER,
		[ENQUEUE_REAL] = EVENT_TIME_REAL,
		[ENQUEUE_TEXT] = EVENT_TIME_TEXT,
	};

	*row = (struct outbox_row){
		.created_ms = now_ms,
		.event_id = from->event_id,
		.event = from->event,
		.event_time = {.kind = kinds[from->time],
			       .integer = from->time_int,
			       .real = from->time_real,
			       .text = from->time_text},
		.payload = from->payload,
	};
}

static enum err_code warn_of_others(struct preview *p, struct err *e)
{
	struct subject *s = &p->subject;
	struct buf id;

	if (s->unread != REASON_NONE)
		return ERR_OK;
	buf_init(&id, EVENT_ID_MAX + 1);
	buf_adds(&id, s->judge.event_id);
	if (lookup_event(&s->judge.db, buf_z(&id), s->ids, &s->count, e) == ERR_OK &&
	    s->count > 0)
		cmd_say(p->cmd, "%-12s row %lld has this event_id already", "dedup",
			(long long)s->ids[s->count - 1]);
	buf_fini(&id);
	return e->code;
}

/* *wrong: what is wrong with the line, else NULL. */
static enum err_code show_line(struct preview *p, struct line_parser *lines,
			       struct str line, const char **wrong, struct err *e)
{
	struct enqueue_row from;
	struct outbox_row row;

	e->code = ERR_OK;
	*wrong = line_parse(lines, line, &from);
	if (*wrong)
		return ERR_OK;
	row_of(&from, p->subject.now_ms, &row);
	if (subject_take(&p->subject, &row, &p->trace, e) != ERR_OK ||
	    warn_of_others(p, e) != ERR_OK)
		return e->code;
	return show(p, e);
}

/* A line that cannot be read is named, and the next ones are shown. One object over many lines
 * that is no JSON is as many bad lines. */
static enum err_code show_lines(struct preview *p, struct line_parser *lines,
				struct str text, struct err *e)
{
	const char *wrong = NULL;
	int64_t number = 0, bad = 0;

	while (text.len > 0 && e->code == ERR_OK) {
		const char *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) : text.len;
		struct str line = str_trim(str_make(text.p, len));

		number++;
		len += end != NULL;
		text = str_make(text.p + len, text.len - len);
		if (line.len > 0 && show_line(p, lines, line, &wrong, e) == ERR_OK &&
		    wrong && bad++ < NAMED_MAX)
			fprintf(stderr, "convey: line %lld: %s\n", (long long)number,
				wrong);
	}
	if (e->code == ERR_OK && bad > 0)
		err_set(e, ERR_DATA, "%lld of %lld lines cannot be read", (long long)bad,
			(long long)number);
	return e->code;
}

/* One JSON object over several lines, or one a line. */
static enum err_code show_text(struct preview *p, struct str text, struct err *e)
{
	struct line_parser lines;
	const char *wrong;

	line_init(&lines);
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_make(text.p + 3, text.len - 3);
	if (show_line(p, &lines, str_trim(text), &wrong, e) == ERR_OK && wrong)
		show_lines(p, &lines, text, e);
	line_fini(&lines);
	return e->code;
}

static enum err_code read_file(FILE *file, struct buf *text, struct err *e)
{
	char chunk[65536];
	size_t len;

	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0 && !text->full)
		buf_add(text, chunk, len);
	if (ferror(file))
		return err_set(e, ERR_IO, "read: %s", strerror(errno));
	if (text->full)
		return err_set(e, ERR_DATA, "the file is longer than 16 MiB");
	if (str_trim(buf_str(text)).len == 0)
		return err_set(e, ERR_DATA, "the file is empty");
	return ERR_OK;
}

static enum err_code show_file(struct preview *p, const char *name, struct err *e)
{
	bool in = strcmp(name, "-") == 0;
	FILE *file = in ? stdin : fopen(name, "re");
	struct buf text;

	if (!file)
		return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "'%s': %s",
			       name, strerror(errno));
	buf_init(&text, FILE_MAX);
	if (read_file(file, &text, e) == ERR_OK)
		e->code = show_text(p, buf_str(&text), e);
	buf_fini(&text);
	if (!in)
		fclose(file);
	return e->code;
}

/* The database, closed again, would lose the locks that SQLite holds on it. */
static bool is_file(const struct cmd *c)
{
	struct stat file, db;

	if (strcmp(c->argv[0], "-") == 0)
		return true;
	return stat(c->argv[0], &file) == 0 && !S_ISDIR(file.st_mode) &&
	       !(stat(c->db_path, &db) == 0 && db.st_ino == file.st_ino &&
		 db.st_dev == file.st_dev);
}

/* No event_id, and no file that may be read: it may still have been meant as one. */
static enum err_code neither(const char *operand, struct err *e)
{
	struct stat file;

	errno = 0;
	if (stat(operand, &file) == 0 && S_ISDIR(file.st_mode))
		return err_set(
			e, ERR_NOINPUT,
			"no conversion has the event_id '%.120s', and it is a folder",
			operand);
	if (errno == EACCES)
		return err_set(
			e, ERR_PERM,
			"no conversion has the event_id '%.120s', and a file of that "
			"name cannot be looked for: %s",
			operand, strerror(EACCES));
	return err_set(
		e, ERR_NOINPUT,
		"no conversion has the event_id '%.120s', and there is no such file",
		operand);
}

static enum err_code show_operand(struct preview *p, int64_t row, struct err *e)
{
	const struct cmd *c = p->cmd;

	if (!row && is_file(c))
		return show_file(p, c->argv[0], e);
	if (row)
		e->code = subject_find_row(&p->subject, row, e);
	else if (subject_find(&p->subject, c->argv[0], e) == ERR_NOINPUT)
		return neither(c->argv[0], e);
	if (e->code != ERR_OK || subject_judge(&p->subject, &p->trace, e) != ERR_OK)
		return e->code;
	return show(p, e);
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct preview p = {.cmd = c, .reveal = cmd_value(c, "reveal") != NULL};
	int64_t row;

	if (which_row(c, &row, e) != ERR_OK)
		return e->code;
	p.trace = (struct trace){trace_line, &p};
	if (subject_open(&p.subject, c->db_path, e) != ERR_OK)
		return e->code;
	buf_init(&p.body, OUT_MAX);
	buf_init(&p.out, OUT_MAX);
	show_operand(&p, row, e);
	if (c->json && p.any)
		printf("[%.*s\n]\n", STR_ARG(buf_str(&p.out)));
	if (e->code == ERR_OK && !p.sent)
		err_set(e, ERR_PROBLEM, "nothing would be sent");
	buf_fini(&p.body);
	buf_fini(&p.out);
	subject_close(&p.subject);
	return e->code;
}

static const struct cmd_option options[] = {
	WHICH_OPTION,
	{"reveal", NULL, "the exact bytes, with identifiers as they are sent"},
	{NULL, NULL, NULL},
};

const struct command cmd_preview = {
	.name = "preview",
	.usage = "EVENT_ID | --row N | FILE [--reveal]",
	.summary = "the request body that would go, and why; sends nothing",
	.examples = "  convey preview order-1001\n"
		    "  convey preview conversion.json --reveal\n"
		    "  echo '{\"event\":\"purchase\",\"properties\":{\"value\":29.99,"
		    "\"currency\":\"EUR\"}}' | convey preview -\n",
	.notes =
		"A name that is a file's is a file: a JSON object, or one a line, as for "
		"convey enqueue.\n"
		"The body is on stdout, one for each destination; the decisions are on "
		"stderr. With --json\n"
		"an array of {event_id, destination, status, reason, advice, body}.\n"
		"Identifiers are shown as 8 hex digits of their hash. Exit 1: nothing "
		"would "
		"be sent.\n",
	.options = options,
	.kind = CMD_READS,
	.operands_max = 1,
	.run = run,
};
