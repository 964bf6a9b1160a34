/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/guard.h"
#include "cmd/verbs.h"
#include "store/credential.h"
#include "store/destination.h"
#include "store/rekey.h"
#include "store/revocation.h"

static struct termios shown; /* the terminal as it was */

/* Who gives up gets it back. */
static void on_signal(int number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	signal(number, SIG_DFL);
	raise(number);
}

static void watch(int number)
{
	if (signal(number, on_signal) == SIG_IGN)
		signal(number, SIG_IGN);
}

/* By read(2), so that no copy stays in a buffer of stdio. */
static enum err_code read_all(unsigned char *bytes, size_t cap, bool one_line,
			      size_t *len, struct err *e)
{
	*len = 0;
	while (*len < cap) {
		ssize_t got = read(STDIN_FILENO, bytes + *len, cap - *len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, ERR_IO, "read the token from stdin: %s",
				       strerror(errno));
		*len += (size_t)got;
		if (got == 0 || (one_line && memchr(bytes, '\n', *len)))
			break;
	}
	return ERR_OK;
}

static enum err_code read_hidden(unsigned char *bytes, size_t cap, size_t *len,
				 struct err *e)
{
	struct termios hidden;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return err_set(e, ERR_IO, "the terminal: %s", strerror(errno));
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	watch(SIGINT);
	watch(SIGTERM);
	watch(SIGHUP);
	fputs("Token (it is not shown): ", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	e->code = read_all(bytes, cap, true, len, e);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return e->code;
}

static enum err_code read_token(struct secret *out, struct err *e)
{
	unsigned char bytes[SECRET_MAX + 256]; /* white space around it is trimmed */
	size_t len = 0;

	if (isatty(STDIN_FILENO))
		e->code = read_hidden(bytes, sizeof(bytes), &len, e);
	else
		e->code = read_all(bytes, sizeof(bytes), false, &len, e);
	if (e->code == ERR_OK &&
	    guard_secret(str_make((const char *)bytes, len), "token", out, e) != ERR_OK)
		err_wrap(e, "stdin");
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return e->code;
}

static enum err_code keep(const struct cmd *c, struct db *db, const struct secret *token,
			  struct err *e)
{
	struct vault vault;
	int32_t id;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (rekey_open(db, c->db_path, &vault, e) == ERR_OK) {
		/* With what `connect` left it would be refreshed away. */
		if (destination_find(db, c->argv[0], &id, e) == ERR_OK &&
		    credential_erase(db, id, e) == ERR_OK &&
		    credential_set(db, &vault, id, "token", token, e) == ERR_OK &&
		    revocation_forgive(db, &vault, id, token, e) == ERR_OK &&
		    destination_token_set(db, id, e) == ERR_OK)
			e->code = cmd_commit(c, db, e);
		vault_close(&vault);
	}
	db_rollback(db);
	return e->code;
}

static enum err_code run_set(const struct cmd *c, struct err *e)
{
	struct secret token;
	struct db db;
	int32_t id;

	guard_process();
	if (cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	/* The name and the key are looked at first: nobody wants to paste a secret for nothing. */
	if (destination_find(&db, c->argv[0], &id, e) == ERR_OK &&
	    rekey_check(&db, c->db_path, e) == ERR_OK && read_token(&token, e) == ERR_OK)
		e->code = keep(c, &db, &token, e);
	secret_fini(&token);
	db_close(&db);
	if (e->code)
		return e->code;
	cmd_say(c, "%s the token of '%s', sealed%s", c->dry_run ? "would keep" : "kept",
		c->argv[0], c->dry_run ? "" : "; whether TikTok takes it: convey status");
	cmd_result(c, json_pack("{s:s, s:s}", "destination", c->argv[0], "done",
				"token set"));
	return ERR_OK;
}

static const struct command verb_set = {
	.name = "set",
	.usage = "NAME < FILE",
	.summary = "keep a token from Events Manager, read from stdin",
	.examples = "  convey token set shop < token.txt\n"
		    "  pass show tiktok/shop | convey token set shop\n",
	.notes = "The token is kept encrypted (AES-256-GCM) under the key file, and is "
		 "never shown.\n"
		 "A running relay takes it up by itself.\n",
	.kind = CMD_CHANGES,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_set,
};

static const struct command *const verbs[] = {&verb_set, NULL};

const struct command cmd_token = {
	.name = "token",
	.usage = "set NAME",
	.summary = "the tokens that TikTok asks for: set",
	.examples = "  convey token set shop < token.txt\n",
	.verbs = verbs,
};
