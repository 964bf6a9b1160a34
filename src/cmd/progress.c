/* SPDX-License-Identifier: MIT */
#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/clean.h"
#include "cmd/terminal.h"
#include "run/outlook.h"

enum { EVERY_MS = 100, BAR_MAX = 30, BAR_MIN = 5 };

void progress_begin(struct progress *p, const struct cmd *c, const char *what,
		    int64_t total)
{
	*p = (struct progress){
		.what = what,
		.total = total,
		.started_ms = clock_mono_ms(),
		.on = !c->json && isatty(STDERR_FILENO),
	};
}

static void add_words(const struct progress *p, int64_t done, int64_t count,
		      struct buf *out)
{
	double seconds = (double)(clock_mono_ms() - p->started_ms) / 1000;

	if (p->total > 0)
		buf_addf(out, "%3d %%  ", (int)(done * 100 / p->total));
	buf_addf(out, "%lld %s", (long long)count, p->what);
	if (seconds < 0.5)
		return;
	buf_addf(out, ", %.0f/s", (double)count / seconds);
	if (p->total > 0 && done > 0) {
		buf_adds(out, STR(", "));
		outlook_age((int64_t)(seconds * (double)(p->total - done) / (double)done +
				      0.5),
			    out);
		buf_adds(out, STR(" left"));
	}
}

static void draw_bar(const struct progress *p, int64_t done, int room)
{
	int width = room < BAR_MAX ? room : BAR_MAX, filled;

	if (p->total <= 0 || width < BAR_MIN)
		return;
	filled = (int)(done * width / p->total);
	fputc('[', stderr);
	for (int i = 0; i < width; i++)
		fputc(i < filled ? '#' : ' ', stderr);
	fputs("] ", stderr);
}

void progress_show(struct progress *p, int64_t done, int64_t count)
{
	int width = terminal_width(stderr) - 1;
	uint64_t now = clock_mono_ms();
	struct buf words;

	if (!p->on || (p->drawn && now - p->drawn_ms < EVERY_MS))
		return;
	if (done > p->total && p->total > 0)
		done = p->total; /* the file grows */
	buf_init(&words, 200);
	add_words(p, done, count, &words);
	fputs("\r\033[K", stderr);
	draw_bar(p, done, width - (int)words.len - 3);
	fwrite(words.p, 1, clean_fit(buf_str(&words), width), stderr);
	fflush(stderr);
	buf_fini(&words);
	p->drawn = true;
	p->drawn_ms = now;
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
