/* SPDX-License-Identifier: MIT */
#include "cmd/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/verbs.h"
#include "net/callback.h"

enum { PORT = 8765, TIMEOUT_MS = 15000, LINE_MAX_BYTES = 16384 };

static const struct cmd_option options[] = {
	{"app-id", "ID", "of your app at TikTok for Developers (Marketing API)"},
	{"secret-file", "FILE", "holds the app's secret"},
	{"port", "N", "of the listener on 127.0.0.1 (default 8765; 0: a free one)"},
	{"paste", NULL, "no listener: paste the address that the browser ends at"},
	{"ca-file", "FILE", "trust these certificates (PEM) instead of the system's"},
	{NULL, NULL, NULL},
};

static enum err_code read_options(struct connecting *n, int64_t *port, struct err *e)
{
	const struct cmd *c = n->cmd;
	const char *id = cmd_value(c, "app-id"), *file = cmd_value(c, "secret-file");

	if (!id || !id[0] || strlen(id) >= sizeof(n->app.id) || !file)
		return err_set(e, ERR_USAGE,
			       "connect needs --app-id ID and --secret-file FILE of your "
			       "app (TikTok for Developers > My apps)");
	if (cmd_value(c, "port") && cmd_value(c, "paste"))
		return err_set(e, ERR_USAGE, "--paste has no listener and no --port");
	snprintf(n->app.id, sizeof(n->app.id), "%s", id);
	n->http = (struct http_options){TIMEOUT_MS, cmd_value(c, "ca-file")};
	if (cmd_number(c, "port", 0, 65535, PORT, port, e) != ERR_OK ||
	    guard_endpoint(n->endpoint, e) != ERR_OK)
		return e->code;
	return guard_secret_file(file, "app secret", &n->app.secret, e);
}

/* On a desktop, where a person sits in front of it; a browser that does not come is no
 * error, as the address stands there. */
static void open_browser(const char *url)
{
	char *const argv[] = {"xdg-open", (char *)(uintptr_t)url, NULL};
	posix_spawn_file_actions_t quiet;
	extern char **environ;
	pid_t pid;

	if ((!getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY")) || !isatty(STDOUT_FILENO))
		return;
	posix_spawn_file_actions_init(&quiet);
	for (int fd = 0; fd <= 2; fd++)
		posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) != 0)
		pid = 0;
	posix_spawn_file_actions_destroy(&quiet);
}

static void show_url(const struct connecting *n, const struct authorization *a,
		     bool open_it)
{
	const struct cmd *c = n->cmd;
	struct buf url;

	buf_init(&url, 4096);
	authorization_url(a, n->endpoint, n->app.id, &url);
	cmd_say(c,
		"open this address and allow the access (%s must be a redirect URL of "
		"the app):",
		a->redirect_uri);
	fprintf(c->json ? stderr : stdout, "%s\n", buf_z(&url));
	fflush(stdout);
	if (open_it)
		open_browser(buf_z(&url));
	buf_fini(&url);
}

static enum err_code listen_for_it(struct connecting *n, uint16_t port, struct err *e)
{
	struct authorization a;
	struct callback *callback;

	if (callback_open(port, &callback, e) != ERR_OK)
		return e->code;
	if (authorization_init(&a, callback_port(callback), clock_mono_ms(), e) ==
	    ERR_OK) {
		show_url(n, &a, true);
		e->code = callback_wait(callback, &a, connect_finish, n, e);
	}
	OPENSSL_cleanse(&a, sizeof(a));
	callback_close(callback);
	return e->code;
}

/* A line of stdin, without stdio, which would keep a copy. */
static enum err_code read_line(struct buf *line, uint64_t until_ms, struct err *e)
{
	struct pollfd fd = {STDIN_FILENO, POLLIN, 0};
	char byte = '\0';

	buf_clear(line);
	while (byte != '\n') {
		uint64_t now = clock_mono_ms();
		ssize_t got;

		if (now >= until_ms || poll(&fd, 1, (int)(until_ms - now)) == 0)
			return err_set(e, ERR_BUSY,
				       "nobody answered within ten minutes; run it "
				       "again");
		got = read(STDIN_FILENO, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, ERR_IO, "stdin: %s", strerror(errno));
		if (got == 0 && line->len == 0)
			return err_set(e, ERR_DATA,
				       "stdin ended before the right address came");
		if (got == 0)
			break;
		buf_addc(line, byte);
	}
	return ERR_OK;
}

struct pasted {
	struct buf line, state, code, error;
};

static enum authorization_answer judge_line(struct pasted *p, struct authorization *a)
{
	struct str url = str_trim(buf_str(&p->line));

	buf_clear(&p->state);
	buf_clear(&p->code);
	buf_clear(&p->error);
	authorization_argument(url, STR("state"), &p->state);
	authorization_argument(url, STR("error"), &p->error);
	authorization_argument(url, STR("auth_code"), &p->code);
	if (p->code.len == 0)
		authorization_argument(url, STR("code"), &p->code);
	return authorization_judge(a, buf_str(&p->state), buf_str(&p->code),
				   buf_str(&p->error), clock_mono_ms());
}

static enum err_code finish_pasted(struct connecting *n, const struct pasted *p,
				   struct err *e)
{
	struct secret code;
	struct buf said;

	if (p->code.full || p->code.len > sizeof(code.bytes))
		return err_set(e, ERR_DATA, "the code is too long");
	memcpy(code.bytes, p->code.p, p->code.len);
	code.len = p->code.len;
	buf_init(&said, 1024);
	e->code = connect_finish(n, &code, &said, e);
	buf_fini(&said);
	secret_fini(&code);
	return e->code;
}

static enum err_code take_lines(struct connecting *n, struct pasted *p,
				struct authorization *a, struct err *e)
{
	while (read_line(&p->line, a->until_ms, e) == ERR_OK) {
		switch (judge_line(p, a)) {
		case AUTHORIZATION_GIVEN: return finish_pasted(n, p, e);
		case AUTHORIZATION_DENIED:
			return err_set(e, ERR_PERM, "access was denied in the browser");
		case AUTHORIZATION_EMPTY:
			cmd_say(n->cmd, "that address holds no code; paste it whole:");
			break;
		case AUTHORIZATION_FOREIGN:
		case AUTHORIZATION_LATE:
			cmd_say(n->cmd, "that is not the answer to this address: its "
					"state is wrong; paste the right one:");
			break;
		}
	}
	return e->code;
}

static enum err_code wait_for_paste(struct connecting *n, uint16_t port, struct err *e)
{
	struct authorization a;
	struct pasted p;

	if (authorization_init(&a, port, clock_mono_ms(), e) != ERR_OK)
		return e->code;
	buf_init(&p.line, LINE_MAX_BYTES);
	buf_init(&p.state, LINE_MAX_BYTES);
	buf_init(&p.code, LINE_MAX_BYTES);
	buf_init(&p.error, LINE_MAX_BYTES);
	show_url(n, &a, false);
	cmd_say(n->cmd,
		"the browser then ends at an address that it cannot open; paste it "
		"here:");
	e->code = take_lines(n, &p, &a, e);
	buf_fini(&p.line);
	buf_fini(&p.state);
	buf_fini(&p.code);
	buf_fini(&p.error);
	OPENSSL_cleanse(&a, sizeof(a));
	return e->code;
}

static enum err_code connect_with(struct connecting *n, struct err *e)
{
	int64_t port;

	if (read_options(n, &port, e) != ERR_OK || connect_prepare(n, e) != ERR_OK)
		return e->code;
	if (n->cmd->dry_run) {
		cmd_say(n->cmd,
			"would ask for access at %s/portal/auth and keep a token "
			"for '%s'",
			n->endpoint, n->cmd->argv[0]);
		cmd_result(n->cmd, json_pack("{s:s}", "destination", n->cmd->argv[0]));
		return ERR_OK;
	}
	if (cmd_value(n->cmd, "paste"))
		e->code = wait_for_paste(n, (uint16_t)port, e);
	else
		e->code = listen_for_it(n, (uint16_t)port, e);
	if (e->code != ERR_OK)
		return e->code;
	connect_learn(n);
	connect_report(n);
	return ERR_OK;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct connecting *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	guard_process();
	n->cmd = c;
	e->code = connect_with(n, e);
	OPENSSL_cleanse(n, sizeof(*n));
	free(n);
	return e->code;
}

const struct command cmd_connect = {
	.name = "connect",
	.usage = "NAME --app-id ID --secret-file FILE [--port N | --paste] [--ca-file "
		 "FILE]",
	.summary = "let a person grant access in the browser (OAuth), keep the token",
	.examples =
		"  convey connect shop --app-id 7012345 --secret-file app-secret.txt\n"
		"  convey connect shop --app-id 7012345 --secret-file app-secret.txt "
		"--paste\n",
	.notes = "http://127.0.0.1:8765/callback (or your --port) must be a redirect URL "
		 "of "
		 "the app.\n"
		 "On a machine without a browser: --paste, and open the address "
		 "elsewhere.\n"
		 "Without an app of your own a token from Events Manager does: convey "
		 "token set.\n"
		 "Token and app secret are kept encrypted and never shown. A running "
		 "relay takes\n"
		 "the token up by itself and refreshes one that expires.\n",
	.options = options,
	.kind = CMD_CHANGES,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
