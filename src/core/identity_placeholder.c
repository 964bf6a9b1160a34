/* SPDX-License-Identifier: MIT */
#include "core/identity.h"
#include "core/macro.h"
#include "core/sha256_hex.h"

/* clang-format off */
#define W(text) {text, sizeof(text) - 1}

/* Lengths are known where the words stand, so that each comparison is a word or two. */
#define IS(word) (memcmp(s, word, sizeof(word) - 1) == 0)

/* What forms, shops and SDKs write where nobody is known, in lower case. */
static bool is_word(const char *s, size_t len)
{
	switch (len) {
	case 0: return true;
	case 1: return IS("-") || IS(".") || IS("?") || IS("0");
	case 2: return IS("na") || IS("--") || IS("-1") || IS("{}") || IS("[]") || IS("\"\"");
	case 3: return IS("nil") || IS("nan") || IS("n/a") || IS("xxx") || IS("tbd");
	case 4:
		return IS("null") || IS("none") || IS("n.a.") || IS("anon") ||
		       IS("user") || IS("test") || IS("demo") || IS("fake") ||
		       IS("true") || IS("asdf");
	case 5: return IS("empty") || IS("blank") || IS("guest") || IS("dummy") || IS("false");
	case 6:
		return IS("(null)") || IS("(none)") || IS("notset") || IS("userid") ||
		       IS("tester") || IS("sample") || IS("hidden") || IS("qwerty");
	case 7:
		return IS("unknown") || IS("not set") || IS("default") || IS("example") ||
		       IS("deleted") || IS("removed") || IS("user_id") || IS("visitor");
	case 8: return IS("testuser") || IS("redacted") || IS("customer");
	case 9:
		return IS("undefined") || IS("(not set)") || IS("guestuser") ||
		       IS("anonymous") || IS("test_user");
	case 10: return IS("guest_user") || IS("logged_out");
	case 11: return IS("customer_id");
	case 12: return IS("not provided") || IS("not_provided");
	case 13: return IS("not_logged_in");
	case 14: return IS("anonymous_user");
	default: return false;
	}
}

/* In front of the @ at any host: nobody in particular reads there. */
static bool is_mailbox(const char *s, size_t len)
{
	switch (len) {
	case 2: return IS("na");
	case 3: return IS("n/a");
	case 4: return IS("none") || IS("null");
	case 5: return IS("guest");
	case 6: return IS("nobody") || IS("nomail");
	case 7: return IS("noemail") || IS("no-mail") || IS("noreply") || IS("unknown");
	case 8: return IS("no-email") || IS("no.email") || IS("no_email") || IS("no-reply");
	case 9: return IS("undefined") || IS("anonymous");
	case 10: return IS("donotreply");
	case 11: return IS("notprovided");
	case 12: return IS("do-not-reply") || IS("not-provided");
	default: return false;
	}
}

/* In front of the @ at a host that is no one's in particular either. */
static const struct str sample_boxes[] = {
	W("test"),     W("testing"),   W("example"),    W("email"),      W("mail"),      W("name"),
	W("yourname"), W("your.name"), W("your.email"), W("your-email"), W("youremail"), W("no"),
	W("asdf"),
};

static const struct str sample_hosts[] = {
	W("example.com"), W("example.org"), W("example.net"), W("test.com"),   W("test.test"),
	W("test.de"),     W("email.com"),   W("mail.com"),    W("domain.com"), W("abc.com"),
	W("asdf.com"),    W("x.com"),       W("a.com"),
};

/* Behind the @, whatever stands before it. */
static const struct str void_hosts[] = {
	W("none.com"),          W("null.com"),      W("noemail.com"), W("nomail.com"),
	W("no-email.com"),      W("noreply.com"),   W("unknown.com"), W("localhost"),
	W("anonymous.invalid"), W("email.invalid"), W("na.na"),
};

/* A national number that counts up or down. */
static const struct str phone_counts[] = {
	W("123456789"),
	W("0123456789"),
	W("1234567890"),
	W("12345678901"),
	W("987654321"),
	W("9876543210"),
};

/* SHA-256, in lower case, of the ones that producers hash. */
static const char hashes[][DIGEST_HEX_LEN + 1] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", /* the empty string */
	"74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b", /* null */
	"eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c", /* undefined */
	"140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe", /* none */
	"5da3a4c7f117944275b4c8629c4916403625d5a4a6573a01ecb03f0e9d2edbe6", /* nil */
	"b23a6a8439c0dde5515893e7c90c1e3233b8616e634470f20dc4928bcf3609bc", /* unknown */
	"84983c60f7daadc1cb8698621f802c0d9f9a3c3c295c810748fb048115c186ec", /* guest */
	"2f183a4e64493af3f377f745eda502363cd3e7ef6e4d266d444758de0a85fcc8", /* anonymous */
	"a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098", /* n/a */
	"3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18", /* na */
	"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", /* test */
	"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9", /* 0 */
	"973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b", /* test@example.com */
	"f660ab912ec121d1b1e928a0bb4bc61b15f5ad44d5efdc4e1c92a25e99b8e44a", /* test@test.com */
	"ca871b3caae791a6a4b969195738f187bc7e993d13e98d522153a21885557fb6", /* none@none.com */
	"513935c4d2db2d2d984dff1d68397f6e2ac8c4e5c48c92bd98e02bdc90b7aefe", /* guest@example.com */
	"ec29282cb39258fd1bb155db71dc219b4c9213ec9b7d13f0a9bc9fe34e1c87d0", /* +10000000000 */
};
/* clang-format on */

#define WORD_MAX (sizeof("anonymous_user") - 1)

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_one_of(struct str s, const struct str *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_ieq(s, table[i]))
			return true;
	return false;
}

/* Whether `is` says so of the text in lower case, which is no longer than WORD_MAX. */
static bool is_any(struct str s, bool (*is)(const char *s, size_t len))
{
	char lower[WORD_MAX + 1];

	if (s.len > WORD_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		lower[i] = ascii_lower(s.p[i]);
	return is(lower, s.len);
}

static bool ends_in(struct str s, struct str end)
{
	return s.len >= end.len && str_ieq(str_make(s.p + s.len - end.len, end.len), end);
}

/* One letter or digit over and over, whatever separates them: xxxxxx, 111-111; of zeros
 * one is enough. */
static bool is_monotonous(struct str s, size_t at_least)
{
	size_t count = 0;
	char first = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = ascii_lower(s.p[i]);

		if (c == '-' || c == '.' || c == ' ' || c == '_')
			continue;
		if (count++ == 0)
			first = c;
		else if (c != first)
			return false;
	}
	return count >= at_least || (count > 0 && first == '0');
}

static bool is_placeholder_email(struct str s)
{
	struct str box, host;
	const char *at = memrchr(s.p, '@', s.len);

	if (!at)
		return true;
	box = str_make(s.p, (size_t)(at - s.p));
	host = str_make(at + 1, s.len - box.len - 1);
	return box.len == 0 || host.len == 0 || is_any(box, is_mailbox) ||
	       is_macro(box) || is_one_of(host, void_hosts, COUNT(void_hosts)) ||
	       (is_one_of(box, sample_boxes, COUNT(sample_boxes)) &&
		is_one_of(host, sample_hosts, COUNT(sample_hosts)));
}

/* Nothing but a country code before it: one digit that is 1 or 7, else two or three. */
static bool is_counting(struct str digits)
{
	while (digits.len > 0 && digits.p[0] == '0') {
		digits.p++;
		digits.len--;
	}
	for (size_t i = 0; i < COUNT(phone_counts); i++) {
		size_t code = digits.len - phone_counts[i].len;

		if (digits.len < phone_counts[i].len || !ends_in(digits, phone_counts[i]))
			continue;
		if (code == 0 ||
		    (digits.p[0] == '1' || digits.p[0] == '7' ? code == 1
							      : code == 2 || code == 3))
			return true;
	}
	return false;
}

/* The last seven digits tell: a country code may stand before them. */
static bool is_placeholder_phone(struct str s)
{
	char digits[32];
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.p[i]))
			continue;
		if (len == sizeof(digits))
			return true;
		digits[len++] = s.p[i];
	}
	if (len < 7)
		return true;
	return is_monotonous(str_make(digits + len - 7, 7), 7) ||
	       is_counting(str_make(digits, len));
}

static bool is_known_hash(struct str s)
{
	char lower[DIGEST_HEX_LEN];

	sha256_hex_lower(s.p, lower);
	for (size_t i = 0; i < COUNT(hashes); i++)
		if (memcmp(lower, hashes[i], 8) == 0 &&
		    memcmp(lower, hashes[i], DIGEST_HEX_LEN) == 0)
			return true;
	return false;
}

bool is_placeholder_word(struct str text)
{
	/* No word has a digit in it but behind another sign. */
	if (text.len > 2 && ascii_is_digit(text.p[text.len - 1]))
		return false;
	return is_any(text, is_word) || is_macro(text);
}

bool identity_is_placeholder(enum identity_kind kind, struct str value)
{
	value = str_trim(value);
	if (is_sha256_hex(value))
		return is_known_hash(value) || is_monotonous(value, 65);
	if (is_placeholder_word(value) || is_monotonous(value, 6))
		return true;
	if (kind == IDENTITY_EMAIL)
		return is_placeholder_email(value);
	if (kind == IDENTITY_PHONE)
		return is_placeholder_phone(value);
	return false;
}
