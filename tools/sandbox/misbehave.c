/* SPDX-License-Identifier: MIT */
#include "misbehave.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

#define HUGE_BYTES ((size_t)50 << 20)
#define DEEP_LEVELS 100000
#define BOMB_MATCHES ((size_t)640 << 10) /* of 258 bytes each */

static void answer_code(struct exchange *x)
{
	static const struct {
		int code;
		const char *message;
	} messages[] = {
		{0, "OK"},
		{20001, "Partial success"},
		{40001, "No permission to operate pixel code. You must be an admin or "
			"operator of the account that owns it."},
		{40002, "Invalid parameter"},
		{40100, "Too many requests. Please retry in some time."},
		{40104, "Access token is empty. Send it in the Access-Token header."},
		{40105, "Access token is incorrect or has been revoked."},
		{40133, "Advertiser reaches the QPS limit"},
		{50000, "System error"},
		{50002, "System timeout"},
		{60001, "System maintenance"},
	};
	const char *message = "Error on demand";

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].code == x->fault.code)
			message = messages[i].message;
	exchange_answer_data(x, x->fault.status, x->fault.code, message,
			     x->fault.code == 20001 ? STR("[{\"index\":0}]") : STR("{}"));
}

static void answer_html(struct exchange *x)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "<html>\r\n<head><title>%d</title></head>\r\n<body>\r\n<center><h1>%d"
		 "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
		 x->fault.status, x->fault.status);
	exchange_answer_text(x, x->fault.status, "text/html", text);
}

/* No `code` inside: whoever stops reading half-way must not find a success. */
static void answer_deep(struct exchange *x)
{
	buf_adds(&x->answer, STR("{\"data\":"));
	for (int i = 0; i < DEEP_LEVELS; i++)
		buf_addc(&x->answer, '[');
	for (int i = 0; i < DEEP_LEVELS; i++)
		buf_addc(&x->answer, ']');
	buf_addc(&x->answer, '}');
}

static void answer_huge(struct exchange *x)
{
	static const char padding[] =
		"The quick brown fox jumps over the lazy dog, again and again and again.";

	x->answer.max = HUGE_BYTES;
	buf_adds(&x->answer, STR("{\"data\":\""));
	while (x->answer.len < HUGE_BYTES - 2 * sizeof(padding))
		buf_add(&x->answer, padding, sizeof(padding) - 1);
	buf_adds(&x->answer, STR("\"}"));
}

struct bits {
	struct buf *to;
	unsigned held, count;
};

static void put_bits(struct bits *b, unsigned value, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		b->held |= (value >> i & 1U) << b->count;
		if (++b->count == 8) {
			buf_addc(b->to, (char)b->held);
			b->held = b->count = 0;
		}
	}
}

/* One space, then "the same 258 times more", over and over: 13 bits of fixed-Huffman
 * deflate (RFC 1951) for each 258 bytes. Huffman codes go out from their high bit. */
static void answer_bomb(struct exchange *x)
{
	struct bits b = {.to = &x->answer};

	buf_add(&x->answer, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	put_bits(&b, 1, 1);    /* the last block */
	put_bits(&b, 1, 2);    /* fixed codes */
	put_bits(&b, 0x0a, 8); /* ' ' is 01010000 */
	for (size_t i = 0; i < BOMB_MATCHES; i++)
		put_bits(&b, 0xa3, 13); /* length 258 is 11000101, distance 1 is 00000 */
	put_bits(&b, 0, 7);             /* end of block, then up to a whole byte */
	put_bits(&b, 0, 7);
	buf_add(&x->answer, "\0\0\0\0\0\0\0\0", 8);
}

static void answer_wrong_type(struct exchange *x)
{
	buf_addf(&x->answer,
		 "{\"code\":\"0\",\"message\":\"OK\",\"request_id\":\"%s\",\"data\":{}}",
		 x->request_id);
}

void misbehave_answer(struct exchange *x)
{
	exchange_answer_text(x, x->fault.status, "application/json", "");
	switch (x->fault.kind) {
	case FAULT_CODE: answer_code(x); break;
	case FAULT_HTML: answer_html(x); break;
	case FAULT_TEXT:
		exchange_answer_text(x, x->fault.status, "text/plain", "refused\n");
		break;
	case FAULT_GARBAGE:
		buf_adds(&x->answer, STR("\x7f\xfe{\"code\":0,,\"mess\0age\"::OK"));
		break;
	case FAULT_WRONG_TYPE: answer_wrong_type(x); break;
	case FAULT_HUGE: answer_huge(x); break;
	case FAULT_DEEP: answer_deep(x); break;
	case FAULT_GZIP_BOMB: answer_bomb(x); break;
	default: break;
	}
}

bool misbehave_is_silent(const struct exchange *x)
{
	switch (x->fault.kind) {
	case FAULT_RESET_BEFORE:
	case FAULT_RESET_WITHIN:
	case FAULT_RESET_AFTER:
	case FAULT_HANG:
	case FAULT_ENDLESS_HEADERS:
	case FAULT_INFORMATIONAL: return true;
	default: return false;
	}
}

void misbehave_reset(int fd)
{
	/* Linux: connecting to nowhere disconnects, and that sends the reset at once;
	 * SO_LINGER would wait for the server's close, behind its polite shutdown. */
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	connect(fd, &nowhere, sizeof(nowhere));
}

bool misbehave_wait(int fd, int stop_fd, int64_t ms)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLRDHUP},
			       {.fd = stop_fd, .events = POLLIN}};

	return poll(fds, 2, (int)ms) == 0;
}

/* False where the client left. */
static bool flood_write(int fd, const char *text, size_t len, int stop_fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLOUT},
			       {.fd = stop_fd, .events = POLLIN}};

	if (poll(fds, 2, -1) < 0 || (fds[1].revents & POLLIN))
		return false;
	return send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN;
}

void misbehave_flood(const struct exchange *x, int stop_fd)
{
	static const char status[] = "HTTP/1.1 200 OK\r\n";
	static const char header[] = "X-Endless: and on and on and on and on\r\n";
	static const char informational[] =
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
		"Link: </style.css>; rel=preload\r\n\r\n";
	bool headers = x->fault.kind == FAULT_ENDLESS_HEADERS;

	if (headers && !flood_write(x->fd, status, sizeof(status) - 1, stop_fd))
		return;
	while (headers ? flood_write(x->fd, header, sizeof(header) - 1, stop_fd)
		       : flood_write(x->fd, informational, sizeof(informational) - 1,
				     stop_fd))
		;
}
