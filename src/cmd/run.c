/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cmd/guard.h"
#include "cmd/verbs.h"
#include "net/door.h"
#include "run/relay.h"
#include "run/signals.h"

static const struct cmd_option options[] = {
	{"drain", NULL, "exit once nothing is pending, sending or retrying"},
	{"init", NULL, "first what convey init does, such as migrating the database"},
	{"retry-base-ms", "N", "first backoff, doubled each time (default 2000)"},
	{"retry-cap-ms", "N", "longest backoff (default 900000)"},
	{"timeout-ms", "N", "of one request (default 30000)"},
	{"retention-days", "N",
	 "settled rows and visits go after this (default 30; 0: never)"},
	{"dedup-days", "N", "event_ids are forgotten after this (default 425; 0: never)"},
	{"ca-file", "FILE", "trust these certificates (PEM) instead of the system's"},
	{"admin", "ADDR",
	 "127.0.0.1:PORT, [::1]:PORT, a unix socket's path, or off (default: "
	 "FILE.admin.sock)"},
	{"log", "FORM", "logfmt (default) or json"},
	{NULL, NULL, NULL},
};

static enum err_code not_a_form(const char *form, struct err *e)
{
	static const char *const forms[] = {"logfmt", "json", NULL};
	struct nearest near;

	nearest_init(&near, str_of(form));
	nearest_offer_all(&near, forms);
	return err_set(e, ERR_USAGE, "--log is logfmt or json, not '%.40s'%s", form,
		       nearest_hint(&near));
}

static enum err_code set_log(const struct cmd *c, struct err *e)
{
	const char *form = cmd_value(c, "log");

	if (form && strcmp(form, "json") != 0 && strcmp(form, "logfmt") != 0)
		return not_a_form(form, e);
	log_open(form && strcmp(form, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
	return ERR_OK;
}

/* A disk that fails three times within ten minutes is not left to itself any more. */
enum { SYNC_FAILURES = 3, SYNC_FORGIVEN_MS = 10 * 60 * 1000 };

/* What a failed sync has left on the disk is not known: everything is closed, and read again as
 * after a crash, before anything else is done. */
static enum err_code run_again(const struct relay_options *o, struct err *e)
{
	struct log_line line;
	uint64_t last_ms = 0;
	int failures = 0;

	signals_hold();
	while (relay_run(o, e) == ERR_SYNC) {
		uint64_t now_ms = clock_mono_ms();

		failures = now_ms - last_ms < SYNC_FORGIVEN_MS ? failures + 1 : 1;
		last_ms = now_ms;
		if (failures == SYNC_FAILURES)
			return err_wrap(e,
					"the disk failed %d times to keep what was "
					"written; look at it, then start the relay again",
					failures);
		line = log_begin(LOG_ERROR, "sync_failed");
		log_field(&line, "error", "%s", e->msg);
		log_field(&line, "now", "the database is closed and read again");
		log_end(&line);
	}
	return e->code;
}

enum { MAPPED_BYTES = 512 * 1024 };

/* Large buffers are mapped each by itself and given back whole. glibc would raise the bound
 * with the first that is freed, and keep them in the heap with holes between them. */
static void keep_small(void)
{
	mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
}

/* The one that is not given goes by the other. */
static enum err_code read_backoff(const struct cmd *c, struct relay_options *o,
				  struct err *e)
{
	int64_t base = 2000, cap = 900000;

	if (cmd_number(c, "retry-base-ms", 1, 3600000, base, &o->retry_base_ms, e) ||
	    cmd_number(c, "retry-cap-ms", 1, 86400000,
		       o->retry_base_ms > cap ? o->retry_base_ms : cap, &o->retry_cap_ms,
		       e))
		return e->code;
	if (o->retry_cap_ms >= o->retry_base_ms)
		return ERR_OK;
	if (cmd_value(c, "retry-base-ms"))
		return err_set(
			e, ERR_USAGE,
			"--retry-cap-ms (%lld) is less than --retry-base-ms (%lld)",
			(long long)o->retry_cap_ms, (long long)o->retry_base_ms);
	o->retry_base_ms = o->retry_cap_ms;
	return ERR_OK;
}

/* Whoever reads a relay's log reads nothing but its lines. */
static void say_in_log(const char *words)
{
	struct log_line line = log_begin(LOG_INFO, "init");

	log_field(&line, "said", "%s", words);
	log_end(&line);
}

/* A service has one command, and so one exit status, that says whether to try again. */
static enum err_code init_first(const struct cmd *c, struct err *e)
{
	const struct cmd init = {.command = &cmd_init,
				 .name = "init",
				 .db_path = c->db_path,
				 .say = say_in_log};

	return cmd_value(c, "init") ? cmd_init.run(&init, e) : ERR_OK;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct relay_options o = {
		.db_path = c->db_path,
		.ca_file = cmd_value(c, "ca-file"),
		.drain = cmd_value(c, "drain") != NULL,
	};
	const char *admin = cmd_value(c, "admin");
	char endpoint[ENDPOINT_MAX];
	struct door door;

	if (admin && door_parse(admin, &door, e) != ERR_OK)
		return e->code;
	o.admin = admin ? &door : NULL;
	if (read_backoff(c, &o, e) ||
	    cmd_number(c, "timeout-ms", 1, 600000, 30000, &o.timeout_ms, e) ||
	    cmd_number(c, "retention-days", 0, 36500, 30, &o.keep.retention_days, e) ||
	    cmd_number(c, "dedup-days", 0, 36500, 425, &o.keep.dedup_days, e) ||
	    guard_endpoint(endpoint, e) || guard_files(e) || set_log(c, e) ||
	    init_first(c, e))
		return e->code;
	o.endpoint = endpoint;
	guard_process();
	keep_small();
	return run_again(&o, e);
}

const struct command cmd_run = {
	.name = "run",
	.usage = "[--drain] [--init] [--admin ADDR] [--retry-base-ms N] [--retry-cap-ms "
		 "N] "
		 "[--timeout-ms N] [--retention-days N] [--dedup-days N] "
		 "[--ca-file FILE] [--log FORM]",
	.summary = "send what the outbox holds, until stopped",
	.examples =
		"  convey run --db shop.db\n"
		"  convey run --db shop.db --drain        # send everything, then exit\n"
		"  convey run --admin 127.0.0.1:9464      # its page in a browser\n",
	.notes = "SIGTERM ends it: nothing new is claimed, requests under way are "
		 "finished and\n"
		 "recorded, exit 0. A second relay on the same database exits 75.\n"
		 "Its page, /metrics, /livez and /readyz are on the unix socket "
		 "FILE.admin.sock, or\n"
		 "where --admin says; the token is in FILE.admin.token.\n"
		 "CONVEY_ENDPOINT replaces " TIKTOK_ENDPOINT ".\n",
	.options = options,
	.kind = CMD_RUNS,
	.run = run,
};
