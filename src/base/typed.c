/* SPDX-License-Identifier: MIT */
#include "base/typed.h"

#include <stdio.h>
#include <stdlib.h>

/* `run` is systemd's there: from a shell it would be a second relay. */
static const char *const verbs[] = {
	"init",   "enqueue",     "preview", "why",    "status",   "list",    "retry",
	"cancel", "destination", "map",     "route",  "token",    "connect", "disconnect",
	"key",    "forget",      "doctor",  "config", "simulate",
};

static bool begins_with(struct str text, struct str word)
{
	return str_starts(text, word) &&
	       (text.len == word.len || !ascii_is_letter(text.p[word.len]));
}

static bool names_verb(struct str text)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (begins_with(text, str_of(verbs[i])))
			return true;
	return false;
}

static struct str from(struct str text, size_t at)
{
	return str_make(text.p + at, text.len - at);
}

/* Something to type, not a word about what the relay does: "(convey run)". */
static bool is_told(struct str sentence, size_t at)
{
	return at > 0 &&
	       (sentence.p[at - 1] == '(' ||
		(at > 1 && sentence.p[at - 1] == ' ' && sentence.p[at - 2] == ':'));
}

void typed_add(struct buf *out, struct str sentence)
{
	const struct str name = STR("convey "), relay = STR("convey run");
	const char *command = getenv("CONVEY_COMMAND");

	if (!command || !command[0]) {
		buf_adds(out, sentence);
		return;
	}
	for (size_t i = 0; i < sentence.len; i++) {
		struct str rest = from(sentence, i);
		bool begins = i == 0 || !ascii_is_letter(sentence.p[i - 1]);

		if (begins && str_starts(rest, name) &&
		    names_verb(from(rest, name.len))) {
			buf_addf(out, "%s ", command);
			i += name.len - 1;
		} else if (begins_with(rest, relay) && is_told(sentence, i)) {
			buf_adds(out, STR("systemctl start convey"));
			i += relay.len - 1;
		} else {
			buf_addc(out, sentence.p[i]);
		}
	}
}

void typed_in(char *text, size_t size)
{
	struct buf typed;

	buf_init(&typed, TYPED_MAX(strlen(text)) + 1);
	typed_add(&typed, str_of(text));
	snprintf(text, size, "%s", buf_z(&typed));
	buf_fini(&typed);
}
