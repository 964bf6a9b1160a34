/* SPDX-License-Identifier: MIT */
#include "cmd/watch.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/board.h"
#include "cmd/clean.h"
#include "cmd/output.h"
#include "cmd/terminal.h"
#include "run/outlook.h"

enum { SAMPLES = 8 };

struct watch {
	const struct cmd *cmd;
	bool screen, keys; /* the terminal is ours; it is read */
	struct termios before;
	sigset_t blocked, free; /* signals come only while it waits */
	bool person;
	struct sample {
		uint64_t at_ms;
		int64_t delivered;
	} samples[SAMPLES]; /* the oldest first */
	int count;
};

static volatile sig_atomic_t ended, stopped;

static void on_signal(int number)
{
	if (number == SIGTSTP)
		stopped = 1;
	else if (number != SIGWINCH)
		ended = 1;
}

static void catch_signals(struct watch *w)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};
	struct sigaction act = {.sa_handler = on_signal};

	sigemptyset(&w->blocked);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &act, NULL);
		sigaddset(&w->blocked, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &w->blocked, &w->free);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigdelset(&w->free, numbers[i]);
}

static void take_screen(struct watch *w)
{
	struct termios raw;

	if (!w->screen)
		return;
	if (w->keys) {
		raw = w->before;
		raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs("\033[?1049h\033[?25l", stdout);
}

static void give_screen_back(struct watch *w)
{
	if (!w->screen)
		return;
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (w->keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &w->before);
}

/* Ctrl-Z: the shell gets its terminal, and later gives it again. */
static void stop(struct watch *w)
{
	give_screen_back(w);
	stopped = 0;
	raise(SIGSTOP);
	take_screen(w);
}

/* Rows delivered a second over the last looks; -1 where it is not known yet. */
static double rate(struct watch *w, int64_t delivered)
{
	const struct sample *first = &w->samples[0];
	uint64_t now = clock_mono_ms();
	double per_s = -1;

	if (w->count > 0 && now > first->at_ms && delivered >= first->delivered)
		per_s = (double)(delivered - first->delivered) * 1000 /
			(double)(now - first->at_ms);
	if (w->count == SAMPLES) {
		memmove(w->samples, w->samples + 1,
			(SAMPLES - 1) * sizeof(w->samples[0]));
		w->count--;
	}
	w->samples[w->count++] = (struct sample){now, delivered};
	return per_s;
}

static void add_time(struct buf *out)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char text[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_adds(out, str_of(text));
}

static void add_rate(const struct board *b, double per_s, struct buf *out)
{
	int64_t backlog = board_backlog(b);

	buf_addf(out, "%lld wait", (long long)backlog);
	if (per_s >= 0)
		buf_addf(out, ", %.*f delivered a second", per_s < 10 ? 1 : 0, per_s);
	if (per_s < 0.05 || backlog == 0)
		return;
	buf_adds(out, STR(", about "));
	outlook_age((int64_t)((double)backlog / per_s), out);
	buf_adds(out, STR(" left"));
}

static void print_rate(const struct board *b, double per_s)
{
	struct buf line;

	buf_init(&line, 200);
	add_rate(b, per_s, &line);
	terminal_wrap(stdout, buf_str(&line), 0, 0);
	buf_fini(&line);
}

/* A line that is kept, for a file or another program. */
static void print_line(const struct board *b, double per_s)
{
	struct buf line;

	buf_init(&line, 200);
	add_time(&line);
	buf_addc(&line, ' ');
	add_rate(b, per_s, &line);
	printf("%s. %s\n", buf_z(&line), b->verdict);
	buf_fini(&line);
}

/* The last line has no end: the screen would move up. */
static void print_foot(const struct watch *w, const struct board *b)
{
	struct buf line;

	buf_init(&line, 200);
	buf_adds(&line, w->keys ? STR("q quits  ") : STR_NONE);
	add_time(&line);
	buf_adds(&line, b->relay.pid == 0 ? STR("  no relay runs") : STR_NONE);
	printf("%s%.*s%s", terminal_style(stdout, STYLE_FAINT),
	       (int)clean_fit(buf_str(&line), terminal_width(stdout)), line.p,
	       terminal_style(stdout, STYLE_PLAIN));
	buf_fini(&line);
}

static enum err_code draw(struct watch *w, struct board *b, double per_s, struct err *e)
{
	int lines = terminal_height(stdout) - 7,
	    destinations = (int)b->totals.destinations;
	int shown = destinations < lines / 2 ? destinations : lines / 2;

	fputs("\033[H\033[J", stdout);
	board_print_verdict(b);
	print_rate(b, per_s);
	putchar('\n');
	if (board_print_destinations(b, shown > 0 ? shown : 1, e) != ERR_OK)
		return e->code;
	putchar('\n');
	if (board_print_problem_lines(b, lines - shown - 1, e) != ERR_OK)
		return e->code;
	print_foot(w, b);
	return ERR_OK;
}

static enum err_code print_object(struct board *b, double per_s, struct err *e)
{
	json_t *all;

	if (board_json(b, &all, e) == ERR_OK) {
		json_object_set_new(all, "delivered_per_second",
				    per_s < 0 ? json_null() : json_real(per_s));
		output_json(all, false);
		putchar('\n');
	}
	json_decref(all);
	return e->code;
}

static enum err_code look(struct watch *w, struct err *e)
{
	struct board b;
	double per_s;

	if (board_open(&b, w->cmd, e) != ERR_OK)
		return e->code;
	w->person = b.person;
	per_s = rate(w, b.totals.delivered);
	if (w->cmd->json) {
		print_object(&b, per_s, e);
	} else if (w->screen) {
		draw(w, &b, per_s, e);
	} else {
		print_line(&b, per_s);
	}
	fflush(stdout);
	board_close(&b);
	return e->code;
}

/* q, or the end of what was to be typed. */
static bool wants_out(void)
{
	char keys[64];
	ssize_t len = read(STDIN_FILENO, keys, sizeof(keys));

	for (ssize_t i = 0; i < len; i++)
		if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == 4)
			return true;
	return len == 0 || (len < 0 && errno != EINTR && errno != EAGAIN);
}

/* Until the next look is due; a resized terminal is drawn anew at once. */
static void wait_for(struct watch *w, int seconds)
{
	struct pollfd in = {.fd = w->keys ? STDIN_FILENO : -1, .events = POLLIN};
	uint64_t until = clock_mono_ms() + (uint64_t)seconds * 1000;
	uint64_t now;

	while (!ended && (now = clock_mono_ms()) < until) {
		struct timespec left = {(time_t)((until - now) / 1000),
					(long)((until - now) % 1000) * 1000000};
		int got = ppoll(&in, 1, &left, &w->free);

		if (stopped)
			stop(w);
		if (got < 0 && errno == EINTR)
			return;
		if (got > 0 && wants_out())
			ended = 1;
	}
}

enum err_code watch_run(const struct cmd *c, int interval_s, struct err *e)
{
	struct watch w = {.cmd = c};

	ended = stopped = 0;
	catch_signals(&w);
	w.screen = !c->json && isatty(STDOUT_FILENO);
	w.keys = w.screen && tcgetattr(STDIN_FILENO, &w.before) == 0;
	take_screen(&w);
	while (!ended && look(&w, e) == ERR_OK && !ferror(stdout))
		wait_for(&w, interval_s);
	give_screen_back(&w);
	return e->code ? e->code : w.person ? ERR_PROBLEM : ERR_OK;
}
