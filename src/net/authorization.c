/* SPDX-License-Identifier: MIT */
#include "net/authorization.h"

#include <stdio.h>

#include <openssl/rand.h>

enum err_code authorization_init(struct authorization *a, uint16_t port, uint64_t now_ms,
				 struct err *e)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char chance[32];

	*a = (struct authorization){.until_ms = now_ms + AUTHORIZATION_MS};
	if (RAND_bytes(chance, sizeof(chance)) != 1)
		return err_set(e, ERR_BUG, "OpenSSL has no random bytes");
	for (size_t i = 0; i < sizeof(chance); i++) {
		a->state[2 * i] = digits[chance[i] >> 4];
		a->state[2 * i + 1] = digits[chance[i] & 15];
	}
	snprintf(a->redirect_uri, sizeof(a->redirect_uri),
		 "http://127.0.0.1:%u" AUTHORIZATION_PATH, (unsigned)port);
	return ERR_OK;
}

static bool is_plain(char c)
{
	return ascii_is_digit(c) || ascii_is_letter(c) || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

void authorization_escape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (is_plain(text.p[i]))
			buf_addc(out, text.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)text.p[i]);
	}
}

void authorization_url(const struct authorization *a, const char *endpoint,
		       const char *app_id, struct buf *out)
{
	buf_addf(out, "%s/portal/auth?app_id=", endpoint);
	authorization_escape(out, str_of(app_id));
	buf_addf(out, "&state=%s&redirect_uri=", a->state);
	authorization_escape(out, str_of(a->redirect_uri));
}

static bool is_ours(const struct authorization *a, struct str state)
{
	size_t len = sizeof(a->state) - 1;

	return !a->used && state.len == len && CRYPTO_memcmp(state.p, a->state, len) == 0;
}

enum authorization_answer authorization_judge(struct authorization *a, struct str state,
					      struct str code, struct str error,
					      uint64_t now_ms)
{
	if (!is_ours(a, state))
		return AUTHORIZATION_FOREIGN;
	if (now_ms >= a->until_ms)
		return AUTHORIZATION_LATE;
	if (code.len == 0 && error.len == 0)
		return AUTHORIZATION_EMPTY;
	a->used = true;
	return error.len ? AUTHORIZATION_DENIED : AUTHORIZATION_GIVEN;
}

static void unescape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '%' && i + 2 < text.len && ascii_is_hex(text.p[i + 1]) &&
		    ascii_is_hex(text.p[i + 2])) {
			buf_addc(out, (char)(ascii_nibble(text.p[i + 1]) << 4 |
					     ascii_nibble(text.p[i + 2])));
			i += 2;
		} else {
			buf_addc(out, text.p[i] == '+' ? ' ' : text.p[i]);
		}
	}
}

/* Up to the next `stop`; moves `rest` behind it. */
static struct str cut(struct str *rest, char stop)
{
	const char *at = rest->len ? memchr(rest->p, stop, rest->len) : NULL;
	size_t len = at ? (size_t)(at - rest->p) : rest->len;
	struct str part = str_make(rest->p, len);

	rest->p += at ? len + 1 : len;
	rest->len -= at ? len + 1 : len;
	return part;
}

void authorization_argument(struct str url, struct str name, struct buf *out)
{
	struct str rest = cut(&url, '#');

	cut(&rest, '?');
	while (rest.len > 0) {
		struct str pair = cut(&rest, '&');
		struct str key = cut(&pair, '=');

		if (str_eq(key, name)) {
			unescape(out, pair);
			return;
		}
	}
}
