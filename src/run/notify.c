/* SPDX-License-Identifier: MIT */
#include "run/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/typed.h"
#include "run/relay.h"

enum { SENTENCE_MAX = 400, SENTENCE_EVERY_MS = 1000 };

enum phase { STARTING, READY, RELOADING, STOPPING };

struct notify {
	struct relay *relay;
	uv_timer_t beat;
	struct sockaddr_un to;
	socklen_t to_len;
	int fd;
	enum phase told;
	uint64_t sentence_ms; /* monotonic: of the last sentence */
	char sentence[SENTENCE_MAX];
};

/* A path, or a name of the abstract kind, written with '@' for its leading NUL. */
static bool take_address(struct notify *n, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len < 2 || len >= sizeof(n->to.sun_path) ||
	    (name[0] != '/' && name[0] != '@'))
		return false;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, name, len);
	if (name[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

/* Half of the time after which systemd ends us; 0: it does not watch this process. */
static uint64_t beat_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t ms = usec ? strtoull(usec, NULL, 10) / 2000 : 0;

	if (pid && strtoll(pid, NULL, 10) != (long long)getpid())
		return 0;
	return usec && ms == 0 ? 1 : ms;
}

static bool tell(struct notify *n, const char *text)
{
	ssize_t sent = sendto(n->fd, text, strlen(text), MSG_NOSIGNAL,
			      (struct sockaddr *)&n->to, n->to_len);

	return sent >= 0;
}

/* A word that is a line of the protocol, and a sentence that must not become another one. */
static bool tell_status(struct notify *n, const char *words, const char *sentence)
{
	char text[SENTENCE_MAX + 64];
	int len = snprintf(text, sizeof(text), "%sSTATUS=", words);

	for (size_t i = (size_t)len; *sentence && i + 1 < sizeof(text); i++, sentence++) {
		text[i] = (unsigned char)*sentence < 0x20 ? ' ' : *sentence;
		text[i + 1] = '\0';
	}
	return tell(n, text);
}

static void on_beat(uv_timer_t *timer)
{
	struct notify *n = uv_handle_get_data((uv_handle_t *)timer);

	(void)tell(n, "WATCHDOG=1"); /* lost: the next one comes in time, too */
}

struct notify *notify_open(struct relay *r)
{
	struct notify *n = calloc(1, sizeof(*n));
	uint64_t every_ms = beat_ms();

	if (!n)
		abort();
	n->relay = r;
	n->fd = -1;
	if (take_address(n, getenv("NOTIFY_SOCKET")))
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0) {
		free(n);
		return NULL;
	}
	uv_timer_init(&r->loop, &n->beat);
	uv_handle_set_data((uv_handle_t *)&n->beat, n);
	if (every_ms)
		uv_timer_start(&n->beat, on_beat, every_ms, every_ms);
	return n;
}

/* The first destination that does not send now, and how many there are. */
static const struct site *first_waiting(const struct relay *r, int *waiting, int *all)
{
	const struct site *first = NULL;

	*waiting = *all = 0;
	for (int i = 0; i < r->sites.count; i++) {
		if (r->sites.list[i]->removed)
			continue;
		++*all;
		if (!site_waits(r->sites.list[i]))
			continue;
		++*waiting;
		first = first ? first : r->sites.list[i];
	}
	return first;
}

static void say(const struct relay *r, char *out, size_t cap)
{
	int waiting, all;
	const struct site *first = first_waiting(r, &waiting, &all);

	if (r->trouble.refused)
		snprintf(out, cap,
			 "The database refuses writes: nothing is sent until it "
			 "takes them again. See the log.");
	else if (all == 0)
		snprintf(out, cap, "There is no destination: convey destination add.");
	else if (first)
		snprintf(out, cap,
			 "%d of %d destination%s wait%s: %s (%s). See convey status.",
			 waiting, all, all == 1 ? "" : "s", waiting == 1 ? "s" : "",
			 first->name,
			 first->paused ? "paused" : reason_word(first->reason));
	else if (r->shipping.under_way > 0)
		snprintf(out, cap, "Sending, %d request%s under way.",
			 r->shipping.under_way, r->shipping.under_way == 1 ? "" : "s");
	else
		snprintf(out, cap,
			 "All destinations are open; nothing is to be sent now.");
}

static void tell_sentence(struct notify *n)
{
	uint64_t now = clock_mono_ms();
	char text[SENTENCE_MAX] = "";

	if (n->sentence[0] && now - n->sentence_ms < SENTENCE_EVERY_MS)
		return;
	say(n->relay, text, sizeof(text));
	typed_in(text, sizeof(text));
	n->sentence_ms = now;
	if (strcmp(text, n->sentence) == 0)
		return;
	if (tell_status(n, "", text))
		memcpy(n->sentence, text, sizeof(text));
}

/* The phase is what the relay's fields say; each word is sent once, when it becomes true. */
static enum phase phase_of(const struct notify *n)
{
	const struct relay *r = n->relay;

	if (r->stopping)
		return STOPPING;
	if (r->stale_config || r->reloading)
		return n->told == STARTING ? STARTING : RELOADING;
	return READY;
}

static bool tell_phase(struct notify *n, enum phase phase)
{
	const struct err *fatal = &n->relay->fatal;
	char text[SENTENCE_MAX];

	switch (phase) {
	case READY: return tell(n, "READY=1");
	case RELOADING:
		snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
			 (unsigned long long)clock_mono_us());
		return tell(n, text);
	case STOPPING:
		snprintf(text, sizeof(text), "Cannot go on: %s", fatal->msg);
		return tell_status(n, "STOPPING=1\n",
				   fatal->code != ERR_OK
					   ? text
					   : "Stopping: requests under way are finished "
					     "and recorded.");
	case STARTING: break;
	}
	return true;
}

void notify_look(struct notify *n)
{
	enum phase now;

	if (!n)
		return;
	now = phase_of(n);
	if (now != n->told && tell_phase(n, now))
		n->told = now;
	if (n->told == READY)
		tell_sentence(n);
}

static void freed(uv_handle_t *handle)
{
	struct notify *n = uv_handle_get_data(handle);

	close(n->fd);
	free(n);
}

void notify_close(struct notify *n)
{
	if (!n)
		return;
	notify_look(n);
	uv_close((uv_handle_t *)&n->beat, freed);
}
