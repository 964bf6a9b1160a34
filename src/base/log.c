/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { EVENTS_MAX = 64 };

static struct {
	pthread_mutex_t lock;
	enum log_form form;
	int fd;
	bool socket, journal;
	struct {
		const char *event;
		uint64_t second;
		unsigned lines, dropped;
	} rate[EVENTS_MAX];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = STDERR_FILENO};

/* systemd names the socket that it gave us as stderr: "device:inode". */
bool log_is_journal(void)
{
	const char *named = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!named || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	return strcmp(named, own) == 0;
}

/* O_NONBLOCK belongs to the open file, which others share; /proc gives us a pipe of our own.
 * A socket is asked not to wait at each line. A regular file never blocks, and a second
 * opening of it would write over the first. */
void log_open(enum log_form form)
{
	struct stat st;
	int fd = -1;

	state.form = form;
	state.journal = log_is_journal();
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	state.socket = S_ISSOCK(st.st_mode);
	if (S_ISFIFO(st.st_mode))
		fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		state.fd = fd;
}

/* Whether the line may go; *dropped are those that did not since the last one that did.
 */
static bool admit(const char *event, unsigned *dropped)
{
	uint64_t second = clock_mono_ms() / 1000;
	bool ok = true;

	*dropped = 0;
	pthread_mutex_lock(&state.lock);
	for (int i = 0; i < EVENTS_MAX; i++) {
		if (state.rate[i].event && strcmp(state.rate[i].event, event) != 0)
			continue;
		state.rate[i].event = event;
		if (state.rate[i].second != second) {
			state.rate[i].second = second;
			state.rate[i].lines = 0;
		}
		ok = ++state.rate[i].lines <= LOG_PER_SECOND;
		if (ok) {
			*dropped = state.rate[i].dropped;
			state.rate[i].dropped = 0;
		} else {
			state.rate[i].dropped++;
		}
		break;
	}
	pthread_mutex_unlock(&state.lock);
	return ok;
}

static void put(struct log_line *line, const char *text, size_t len)
{
	size_t room = sizeof(line->text) - 2 - line->len;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, text, len);
	line->len += (unsigned)len;
}

static void put_quoted(struct log_line *line, const char *text)
{
	put(line, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			put(line, "\\", 1);
		put(line, c < 0x20 || c == 0x7f ? " " : text, 1);
	}
	put(line, "\"", 1);
}

static bool is_plain(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_.:/+-@");

	return len > 0 && text[len] == '\0';
}

static void put_field(struct log_line *line, const char *key, const char *value)
{
	if (state.form == LOG_JSON) {
		put(line, line->len > line->head ? "," : "{", 1);
		put_quoted(line, key);
		put(line, ":", 1);
		put_quoted(line, value);
		return;
	}
	if (line->len > line->head)
		put(line, " ", 1);
	put(line, key, strlen(key));
	put(line, "=", 1);
	if (is_plain(value))
		put(line, value, strlen(value));
	else
		put_quoted(line, value);
}

/* sd-daemon(3): the journal takes "<3>" off the line and keeps it as the priority. */
static void put_priority(struct log_line *line)
{
	char text[8];

	snprintf(text, sizeof(text), "<%d>", (int)line->level);
	put(line, text, strlen(text));
	line->head = line->len;
}

struct log_line log_begin(enum log_level level, const char *event)
{
	static const char *const names[] = {"emerg",   "alert",  "crit", "error",
					    "warning", "notice", "info", "debug"};
	struct log_line line = {.level = level};
	int64_t now = clock_wall_ms();
	time_t second = (time_t)(now / 1000);
	unsigned dropped;
	char stamp[64];
	size_t len;
	struct tm tm;

	line.muted = !admit(event, &dropped);
	if (line.muted)
		return line;
	if (state.journal)
		put_priority(&line);
	gmtime_r(&second, &tm);
	len = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(stamp + len, sizeof(stamp) - len, ".%03dZ", (int)(now % 1000));
	put_field(&line, "time", stamp);
	put_field(&line, "level", names[level]);
	put_field(&line, "event", event);
	if (dropped)
		log_field(&line, "dropped", "%u", dropped);
	return line;
}

void log_field(struct log_line *line, const char *key, const char *fmt, ...)
{
	char value[512];
	va_list args;

	if (line->muted)
		return;
	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	put_field(line, key, value);
}

void log_end(struct log_line *line)
{
	ssize_t ignored;

	if (line->muted)
		return;
	if (state.form == LOG_JSON)
		line->text[line->len++] = '}';
	line->text[line->len++] = '\n';
	ignored = state.socket ? send(state.fd, line->text, line->len,
				      MSG_DONTWAIT | MSG_NOSIGNAL)
			       : write(state.fd, line->text, line->len);
	(void)ignored; /* a full pipe: the line is lost, the loop is not */
}
