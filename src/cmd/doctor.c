/* SPDX-License-Identifier: MIT */
#include "cmd/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "cmd/clean.h"
#include "cmd/guard.h"
#include "cmd/terminal.h"
#include "cmd/verbs.h"
#include "core/time_zone.h"
#include "net/endpoint.h"
#include "run/outlook.h"
#include "store/destination.h"
#include "store/lock.h"
#include "store/status.h"

static const char *const words[] = {"ok", "warning", "wrong"};

enum { WORD_WIDTH = 9, CHECK_WIDTH = 14 };

static void print(enum finding finding, const char *check, struct str text,
		  const char *advice)
{
	const char *on =
		terminal_style(stdout, terminal_style_of(str_of(words[finding])));

	printf("%s%-*s%s%-*s", on, WORD_WIDTH, words[finding],
	       on[0] ? terminal_style(stdout, STYLE_PLAIN) : "", CHECK_WIDTH, check);
	terminal_wrap(stdout, text, WORD_WIDTH + CHECK_WIDTH, WORD_WIDTH + CHECK_WIDTH);
	if (finding == FINE)
		return;
	printf("%*s", WORD_WIDTH, "");
	terminal_wrap(stdout, str_of(advice), WORD_WIDTH, WORD_WIDTH);
}

static void put(struct doctor *d, enum finding finding, const char *check,
		struct str text, const char *advice)
{
	output_text(&d->out, str_of(check));
	output_text(&d->out, str_of(words[finding]));
	output_text(&d->out, text);
	if (finding == FINE)
		output_null(&d->out);
	else
		output_text(&d->out, str_of(advice));
}

void doctor_tell(struct doctor *d, const char *check, enum finding finding,
		 const char *advice, const char *fmt, ...)
{
	struct buf clean;
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_init(&clean, sizeof(text));
	clean_text(&clean, str_of(text), CLEAN_LINE);
	if (d->cmd->json)
		put(d, finding, check, buf_str(&clean), advice);
	else
		print(finding, check, buf_str(&clean), advice);
	buf_fini(&clean);
	d->warnings += finding == WARN;
	d->wrong += finding == WRONG;
}

void doctor_failed(struct doctor *d, const char *check, struct err *e)
{
	doctor_tell(d, check, WRONG, "mend what the message says, then look again", "%s",
		    e->msg);
	e->code = ERR_OK;
}

static void check_running(struct doctor *d, struct status_totals *t)
{
	const struct lock_holder *relay = &d->relay;
	int refusal = relay->refusal;

	if (relay->since_ms)
		t->relay_s = (clock_wall_ms() - relay->since_ms) / 1000;
	if (refusal)
		doctor_tell(d, "relay", WRONG, outlook_remedy(refusal),
			    "runs, process %ld, and sends nothing: it cannot write to "
			    "the database%s%s",
			    relay->pid, outlook_cause(refusal)[0] ? ": " : "",
			    outlook_cause(refusal));
	else if (outlook_is_silent(t))
		doctor_tell(d, "relay", WRONG,
			    "look at its log (journalctl -u convey), then start it again",
			    "runs, process %ld, and has begun no request for %lld min, "
			    "while rows are due",
			    relay->pid, (long long)(outlook_silence_s(t) / 60));
	else
		doctor_tell(d, "relay", FINE, "", "runs, process %ld", relay->pid);
}

static void check_relay(struct doctor *d)
{
	struct err e = {ERR_OK, ""};
	struct status_totals t;
	long pid = d->relay.pid;
	int64_t waits;

	if (status_totals(d->db, &t, &e) != ERR_OK) {
		doctor_failed(d, "relay", &e);
		return;
	}
	waits = t.unclaimed + t.pending + t.retrying + t.sending;
	if (pid > 0)
		check_running(d, &t);
	else if (pid < 0)
		doctor_tell(d, "relay", FINE, "",
			    "not known: its lock file is another user's");
	else
		doctor_tell(d, "relay", waits ? WARN : FINE,
			    "start it: convey run, or the service convey",
			    "none runs; %lld rows wait", (long long)waits);
}

/* " (2025b)", as the database's first line "# version 2025b" says, or nothing. */
static void put_zone_version(char *out, size_t size)
{
	const char *folder = getenv("TZDIR");
	char path[4096], line[64], version[32];
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path), "%s/tzdata.zi",
		 folder ? folder : "/usr/share/zoneinfo");
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(line, sizeof(line), f) && sscanf(line, "# version %31s", version) == 1)
		snprintf(out, size, " (%s)", version);
	fclose(f);
}

static void check_zones(struct doctor *d)
{
	const int64_t summer = 1751328000; /* 2025-07-01 */
	struct err e = {ERR_OK, ""};
	struct zone *zone = zone_open("Europe/Berlin", &e);
	char version[40];

	put_zone_version(version, sizeof(version));
	doctor_tell(d, "time zones",
		    zone && zone_offset(zone, summer) == 7200 ? FINE : WRONG,
		    "install tzdata, which has /usr/share/zoneinfo", "%s%s",
		    zone ? "known" : "Europe/Berlin is not known", version);
	zone_free(zone);
}

/* No relay starts while it cannot tell the time of one. */
static void check_destination_zones(struct doctor *d)
{
	enum { NAME, ZONE = 5 }; /* columns */
	struct err e = {ERR_OK, ""};
	struct rows rows;
	bool row;

	if (destination_rows(d->db, 0, &rows, &e) != ERR_OK) {
		doctor_failed(d, "time zones", &e);
		return;
	}
	while (rows_next(&rows, &row, &e) == ERR_OK && row) {
		struct err why = {ERR_OK, ""};
		struct str name = rows_text(&rows, NAME), its = rows_text(&rows, ZONE);
		char zone[200];

		snprintf(zone, sizeof(zone), "%.*s", STR_ARG(its));
		zone_free(zone_open(zone, &why));
		if (why.code != ERR_OK)
			doctor_tell(d, "time zones", WRONG,
				    "convey destination set NAME --timezone ZONE; names "
				    "of former days may be in the package tzdata-legacy",
				    "%.*s: %s", STR_ARG(name), why.msg);
	}
	rows_close(&rows);
	if (e.code != ERR_OK)
		doctor_failed(d, "time zones", &e);
}

/* The one of the relay that runs, unless we are told another. A file told it: it is looked at
 * as closely as what the environment tells. */
static enum err_code find_endpoint(struct doctor *d, struct err *e)
{
	const char *given = getenv("CONVEY_ENDPOINT");

	lock_look(d->cmd->db_path, &d->relay);
	snprintf(d->endpoint, sizeof(d->endpoint), "%s", d->relay.endpoint);
	if (!(given && given[0]) && endpoint_allowed(str_of(d->endpoint)))
		return ERR_OK;
	return guard_endpoint(d->endpoint, e);
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	static const char *const columns[] = {"check", "finding", "detail", "advice"};
	struct doctor d = {.cmd = c};
	struct db db;

	if (cmd_value(c, "offline") && cmd_value(c, "ca-file"))
		return err_set(e, ERR_USAGE,
			       "--ca-file is of use without --offline only");
	guard_process();
	if (find_endpoint(&d, e) != ERR_OK || cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	d.db = &db;
	if (c->json)
		output_begin(&d.out, true, NULL, columns, 4, 0);
	doctor_file(&d);
	check_relay(&d);
	check_zones(&d);
	check_destination_zones(&d);
	doctor_tiktok(&d);
	if (c->json)
		output_end(&d.out);
	db_close(&db);
	fflush(stdout);
	if (d.wrong || d.warnings)
		cmd_say(c, "%d wrong, %d warning%s", d.wrong, d.warnings,
			d.warnings == 1 ? "" : "s");
	else
		cmd_say(c, "nothing is wrong");
	return d.wrong ? ERR_PROBLEM : ERR_OK;
}

static const struct cmd_option options[] = {
	{"integrity", NULL, "read the whole database and check it"},
	{"offline", NULL, "do not ask TikTok: neither its reach nor its clock"},
	{"ca-file", "FILE", "trust these certificates (PEM), as convey run does"},
	{NULL, NULL, NULL},
};

const struct command cmd_doctor = {
	.name = "doctor",
	.usage = "[--integrity] [--offline] [--ca-file FILE]",
	.summary = "look at the installation; status 1 where something is wrong",
	.examples = "  convey doctor\n"
		    "  convey doctor --integrity --json\n"
		    "  convey doctor --offline\n",
	.notes = "Looks at SQLite and at who wrote the file last, at modes, room, WAL, "
		 "key, tokens, the\n"
		 "relay, and whether TikTok answers and has our time. Sends no "
		 "conversion and no token.\n",
	.options = options,
	.kind = CMD_READS,
	.run = run,
};
