/* SPDX-License-Identifier: MIT */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/typed.h"
#include "cmd/clean.h"
#include "cmd/output.h"
#include "cmd/parse.h"
#include "run/signals.h"
#include "store/migrate.h"

/* A file opened on a closed stdout or stderr would be written to by the next message. What is
 * printed on a closed stdout is lost, and what was to come from a closed stdin is not nothing: both
 * have to be told, so there it can be neither written nor read. */
static void keep_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDOUT_FILENO  ? O_RDONLY
					  : fd == STDIN_FILENO ? O_WRONLY
							       : O_RDWR);
}

/* A core would hold keys and tokens. One byte, unlike none, also keeps the kernel from
 * piping a core to a handler. */
static void forbid_cores(void)
{
	const struct rlimit one = {1, 1};

	if (setrlimit(RLIMIT_CORE, &one) != 0)
		fprintf(stderr, "convey: core dumps stay enabled: %s\n", strerror(errno));
}

static void print_words(const char *words)
{
	struct buf typed;

	buf_init(&typed, TYPED_MAX(strlen(words)));
	typed_add(&typed, str_of(words));
	clean_print(stderr, buf_str(&typed), CLEAN_LINE);
	buf_fini(&typed);
	fputc('\n', stderr);
}

static void print_error(const struct err *e)
{
	fputs(log_is_journal() ? "<3>convey: " : "convey: ", stderr);
	print_words(e->msg);
}

/* A reader that has seen enough (EPIPE) is no failure of ours. What could not be printed
 * outweighs that it found problems: nobody has read of them. */
static int finish(struct err *e)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE &&
	    (!e->code || e->code == ERR_PROBLEM))
		err_set(e, ERR_IO, "cannot write to stdout: %s", strerror(errno));
	if (e->code && e->msg[0])
		print_error(e);
	return err_exit_status(e->code);
}

int cmd_main(const struct command *const *commands, int argc, char **argv)
{
	struct cmd c = {.db_path = getenv("CONVEY_DB")};
	struct err e = {ERR_OK, ""};

	signals_hold(); /* whoever starts a relay may end it at once, and it ends well */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ,
	       SIG_IGN); /* a file that may not grow is an error like a full disk */
	keep_standard_descriptors();
	forbid_cores();
	if (!c.db_path || !c.db_path[0])
		c.db_path = "outbox.db";
	if (parse_args(&c, commands, argc, argv, &e) != ERR_OK)
		return finish(&e);
	if (c.help || !c.command || c.command->kind != CMD_RUNS)
		signals_let_go();
	if (c.help)
		help_print(&c, commands);
	else if (c.command)
		e.code = c.command->run(&c, &e);
	else
		puts("convey " CONVEY_VERSION);
	return finish(&e);
}

const char *cmd_value(const struct cmd *c, const char *option)
{
	const struct cmd_option *o = c->command->options;

	for (int i = 0; o && o[i].name; i++)
		if (strcmp(o[i].name, option) == 0)
			return c->values[i];
	abort(); /* the verb asks for an option that it does not declare */
}

enum err_code cmd_number(const struct cmd *c, const char *option, int64_t min,
			 int64_t max, int64_t otherwise, int64_t *out, struct err *e)
{
	const char *text = cmd_value(c, option);
	long long value;
	char *end;

	if (!text) {
		*out = otherwise;
		return ERR_OK;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		return err_set(e, ERR_USAGE,
			       "--%s takes a whole number from %lld to %lld, not '%s'",
			       option, (long long)min, (long long)max, text);
	*out = value;
	return ERR_OK;
}

enum err_code cmd_open(const struct cmd *c, enum db_mode mode, struct db *db,
		       struct err *e)
{
	if (db_open(db, c->db_path, mode, e) != ERR_OK)
		return e->code;
	if (migrate_check(db, e) != ERR_OK)
		db_close(db);
	return e->code;
}

enum err_code cmd_commit(const struct cmd *c, struct db *db, struct err *e)
{
	if (!c->dry_run)
		return db_commit(db, e);
	db_rollback(db);
	return ERR_OK;
}

void cmd_say(const struct cmd *c, const char *fmt, ...)
{
	char text[4096];
	va_list args;

	if (c->json)
		return;
	if (c->dry_run && c->command->kind == CMD_CHANGES)
		fputs("dry run: ", stderr);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(c->say ? c->say : print_words)(text);
}

void cmd_result(const struct cmd *c, json_t *object)
{
	if (c->json) {
		json_object_set_new(object, "dry_run", json_boolean(c->dry_run));
		output_json(object, true);
		putchar('\n');
	}
	json_decref(object);
}
