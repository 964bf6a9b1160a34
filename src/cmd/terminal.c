/* SPDX-License-Identifier: MIT */
#include "cmd/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/typed.h"
#include "cmd/clean.h"

enum { WIDTH_MIN = 20, WIDTH_USUAL = 80, HEIGHT_USUAL = 24 };

static bool size_of(FILE *file, struct winsize *out)
{
	int fd = fileno(file);

	if (!isatty(fd))
		return false;
	*out = (struct winsize){0};
	if (ioctl(fd, TIOCGWINSZ, out) != 0 || out->ws_col == 0)
		out->ws_col = WIDTH_USUAL;
	if (out->ws_row == 0)
		out->ws_row = HEIGHT_USUAL;
	return true;
}

int terminal_width(FILE *file)
{
	struct winsize size;

	if (!size_of(file, &size))
		return 0;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

int terminal_height(FILE *file)
{
	struct winsize size;

	return size_of(file, &size) ? size.ws_row : 0;
}

static bool has_colours(FILE *file)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && no[0]) && term && term[0] && strcmp(term, "dumb") != 0 &&
	       isatty(fileno(file));
}

const char *terminal_style(FILE *file, enum style style)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\033[0m", [STYLE_STRONG] = "\033[1m",
		[STYLE_FAINT] = "\033[2m", [STYLE_GOOD] = "\033[32m",
		[STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[31m",
	};

	return has_colours(file) ? codes[style] : "";
}

enum style terminal_style_of(struct str word)
{
	static const struct {
		const char *word;
		enum style style;
	} words[] = {
		{"delivered", STYLE_GOOD},  {"active", STYLE_GOOD},
		{"ok", STYLE_GOOD},         {"failed", STYLE_BAD},
		{"rejected", STYLE_BAD},    {"held", STYLE_BAD},
		{"wrong", STYLE_BAD},       {"needs_token", STYLE_BAD},
		{"permission", STYLE_BAD},  {"token_refused", STYLE_BAD},
		{"retrying", STYLE_WARN},   {"warning", STYLE_WARN},
		{"paused", STYLE_WARN},     {"rate_limited", STYLE_WARN},
		{"network", STYLE_WARN},    {"server_error", STYLE_WARN},
		{"tls", STYLE_WARN},        {"circuit_open", STYLE_WARN},
		{"skipped", STYLE_FAINT},   {"duplicate", STYLE_FAINT},
		{"cancelled", STYLE_FAINT},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(word, str_of(words[i].word)))
			return words[i].style;
	return STYLE_PLAIN;
}

/* The bytes up to the next blank, with the blanks before them. */
static struct str next_word(struct str text)
{
	size_t len = 0;

	while (len < text.len && text.p[len] == ' ')
		len++;
	while (len < text.len && text.p[len] != ' ')
		len++;
	return str_make(text.p, len);
}

void terminal_wrap(FILE *file, struct str sentence, int column, int indent)
{
	int width = terminal_width(file);
	struct buf typed;
	struct str text;

	buf_init(&typed, TYPED_MAX(sentence.len));
	typed_add(&typed, sentence);
	text = buf_str(&typed);
	while (text.len > 0) {
		struct str word = next_word(text);
		int room = clean_width(word);

		if (width && column + room > width && column > indent) {
			word = str_trim(word);
			room = clean_width(word);
			fprintf(file, "\n%*s", indent, "");
			column = indent;
		}
		fwrite(word.p, 1, word.len, file);
		column += room;
		text = str_make(word.p + word.len,
				(size_t)(text.p + text.len - (word.p + word.len)));
	}
	fputc('\n', file);
	buf_fini(&typed);
}
