/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "exchange.h"
#include "json_text.h"

/* A killed sandbox may have left a piece of a line; the next line must not join it. */
static enum err_code cut_last_piece(int fd, struct err *e)
{
	off_t end = lseek(fd, 0, SEEK_END), at = end;
	char block[4096];

	while (at > 0) {
		size_t len = at < (off_t)sizeof(block) ? (size_t)at : sizeof(block);
		const char *newline;

		if (pread(fd, block, len, at - (off_t)len) != (ssize_t)len)
			return err_set(e, ERR_IO, "read: %s", strerror(errno));
		newline = memrchr(block, '\n', len);
		at -= (off_t)len;
		if (newline) {
			at += newline - block + 1;
			break;
		}
	}
	if (at < end && ftruncate(fd, at) != 0)
		return err_set(e, ERR_IO, "cut the last line: %s", strerror(errno));
	return ERR_OK;
}

static bool is_regular(int fd)
{
	return lseek(fd, 0, SEEK_CUR) >= 0;
}

enum err_code ledger_open(struct ledger *l, const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_set(e, ERR_CANTCREAT, "open '%s': %s", path, strerror(errno));
	if (is_regular(fd) && cut_last_piece(fd, e)) {
		close(fd);
		return err_wrap(e, "'%s'", path);
	}
	*l = (struct ledger){.fd = fd};
	buf_init(&l->line, BODY_MAX + ((size_t)1 << 20));
	return ERR_OK;
}

static void add_text(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, ",\"%s\":", name);
	if (!text) {
		buf_adds(b, STR("null"));
		return;
	}
	buf_addc(b, '"');
	buf_add_json(b, str_of(text));
	buf_addc(b, '"');
}

static void add_number(struct buf *b, const char *name, bool known, int64_t number)
{
	buf_addf(b, ",\"%s\":", name);
	if (known)
		buf_add_i64(b, number);
	else
		buf_adds(b, STR("null"));
}

/* Enough to tell tokens apart in a test, too little to use one. */
static void add_token(struct buf *b, const char *token)
{
	char start[8];

	snprintf(start, sizeof(start), "%.4s…", token);
	add_text(b, "token", *token ? start : NULL);
}

/* As received, on one line: a raw newline in JSON is only ever white space. */
static void add_events(struct buf *b, const struct exchange *x)
{
	struct str events = STR_NONE;
	size_t from;

	if (x->root && json_is_array(json_object_get(x->root, "data")))
		events = json_text_member(buf_str(&x->body), "data");
	buf_adds(b, STR(",\"events\":"));
	from = b->len;
	buf_adds(b, events.len ? events : STR("null"));
	for (char *p = b->p + from; (p = memchr(p, '\n', (size_t)(b->p + b->len - p)));)
		*p = ' ';
	for (char *p = b->p + from; (p = memchr(p, '\r', (size_t)(b->p + b->len - p)));)
		*p = ' ';
}

static void add_line(struct buf *b, uint64_t n, const struct exchange *x)
{
	buf_addf(b, "{\"n\":%llu,\"at_ms\":%lld", (unsigned long long)n,
		 (long long)x->at_ms);
	add_text(b, "method", x->method);
	add_text(b, "path", x->path);
	add_text(b, "source", exchange_text(x, "event_source"));
	add_text(b, "source_id", exchange_text(x, "event_source_id"));
	add_text(b, "test_event_code", exchange_text(x, "test_event_code"));
	add_number(b, "count", true, (int64_t)exchange_event_count(x));
	add_number(b, "http_status", x->status != 0, x->status);
	add_number(b, "code", x->has_code, x->code);
	add_text(b, "message", x->status ? x->message : NULL);
	add_text(b, "request_id", x->request_id);
	add_text(b, "fault", *x->fault.name ? x->fault.name : NULL);
	buf_addf(b, ",\"applied\":%s", x->applied ? "true" : "false");
	add_number(b, "new", true, (int64_t)x->fresh);
	add_number(b, "duplicate", true, (int64_t)x->duplicate);
	add_token(b, x->token);
	add_number(b, "bytes", true, (int64_t)x->received);
	add_text(b, "content_type", *x->content_type ? x->content_type : NULL);
	add_events(b, x);
	buf_adds(b, STR("}\n"));
}

enum err_code ledger_add(struct ledger *l, const struct exchange *x, struct err *e)
{
	ssize_t written;

	if (l->fd < 0)
		return ERR_OK;
	buf_clear(&l->line);
	add_line(&l->line, ++l->lines, x);
	written = write(l->fd, l->line.p, l->line.len);
	if (l->line.full || written != (ssize_t)l->line.len)
		return err_set(e, ERR_IO, "ledger line %llu: %s",
			       (unsigned long long)l->lines,
			       written < 0 ? strerror(errno) : "not written whole");
	return ERR_OK;
}

void ledger_close(struct ledger *l)
{
	if (l->fd >= 0)
		close(l->fd);
	buf_fini(&l->line);
	l->fd = -1;
}
