/* SPDX-License-Identifier: MIT */
#include "core/identity.h"

/* clang-format off */
/* What forms, shops and SDKs write where nobody is known. */
static const char *const words[] = {
	"",
	"null",
	"(null)",
	"<null>",
	"undefined",
	"none",
	"(none)",
	"nil",
	"nan",
	"n/a",
	"na",
	"n.a.",
	"-",
	"--",
	".",
	"?",
	"unknown",
	"(not set)",
	"not set",
	"notset",
	"not provided",
	"not_provided",
	"default",
	"empty",
	"blank",
	"guest",
	"guest_user",
	"guestuser",
	"anonymous",
	"anon",
	"anonymous_user",
	"user",
	"test",
	"testuser",
	"test_user",
	"tester",
	"demo",
	"example",
	"sample",
	"dummy",
	"fake",
	"true",
	"false",
	"-1",
	"[object object]",
	"{}",
	"[]",
	"\"\"",
	"redacted",
	"[redacted]",
	"hidden",
	"deleted",
	"removed",
	"xxx",
	"asdf",
	"qwerty",
};

/* In front of the @ at any host: nobody in particular reads there. */
static const char *const mailboxes[] = {
	"none",      "null",     "undefined",   "nobody",       "noemail",
	"no-email",  "no.email", "no_email",    "nomail",       "no-mail",
	"noreply",   "no-reply", "donotreply",  "do-not-reply", "unknown",
	"anonymous", "guest",    "notprovided", "not-provided", "na",
	"n/a",
};

/* In front of the @ at a host that is no one's in particular either. */
static const char *const sample_boxes[] = {
	"test",     "testing",   "example",    "email",      "mail",      "name",
	"yourname", "your.name", "your.email", "your-email", "youremail", "no",
	"abc",      "asdf",      "a",          "x",
};

static const char *const sample_hosts[] = {
	"example.com", "example.org", "example.net", "test.com",   "test.test",
	"test.de",     "email.com",   "mail.com",    "domain.com", "abc.com",
	"asdf.com",    "x.com",       "a.com",
};

/* Behind the @, whatever stands before it. */
static const char *const void_hosts[] = {
	"none.com",          "null.com",      "noemail.com", "nomail.com",
	"no-email.com",      "noreply.com",   "unknown.com", "localhost",
	"anonymous.invalid", "email.invalid", "na.na",
};

/* The end of a number that counts up or down. */
static const char *const phone_tails[] = {
	"123456789",
	"1234567890",
	"987654321",
	"9876543210",
};

/* SHA-256, in lower case, of the ones that producers hash. */
static const char *const hashes[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"
	"5", /* the empty string */
	"74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90"
	"b", /* null */
	"eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950"
	"c", /* undefined */
	"140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdf"
	"e", /* none */
	"5da3a4c7f117944275b4c8629c4916403625d5a4a6573a01ecb03f0e9d2edbe"
	"6", /* nil */
	"b23a6a8439c0dde5515893e7c90c1e3233b8616e634470f20dc4928bcf3609b"
	"c", /* unknown */
	"84983c60f7daadc1cb8698621f802c0d9f9a3c3c295c810748fb048115c186e"
	"c", /* guest */
	"2f183a4e64493af3f377f745eda502363cd3e7ef6e4d266d444758de0a85fcc"
	"8", /* anonymous */
	"a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e8109"
	"8", /* n/a */
	"3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e1"
	"8", /* na */
	"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0"
	"8", /* test */
	"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e"
	"9", /* 0 */
	"973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813"
	"b", /* test@example.com */
	"f660ab912ec121d1b1e928a0bb4bc61b15f5ad44d5efdc4e1c92a25e99b8e44"
	"a", /* test@test.com */
	"ca871b3caae791a6a4b969195738f187bc7e993d13e98d522153a21885557fb"
	"6", /* none@none.com */
	"513935c4d2db2d2d984dff1d68397f6e2ac8c4e5c48c92bd98e02bdc90b7aef"
	"e", /* guest@example.com */
	"ec29282cb39258fd1bb155db71dc219b4c9213ec9b7d13f0a9bc9fe34e1c87d"
	"0", /* +10000000000 */
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_one_of(struct str s, const char *const *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_ieq(s, str_of(table[i])))
			return true;
	return false;
}

static bool ends_in(struct str s, struct str end)
{
	return s.len >= end.len && str_ieq(str_make(s.p + s.len - end.len, end.len), end);
}

static bool ends_in_one_of(struct str s, const char *const *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ends_in(s, str_of(table[i])))
			return true;
	return false;
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
	return box.len == 0 || host.len == 0 ||
	       is_one_of(box, mailboxes, COUNT(mailboxes)) ||
	       is_one_of(host, void_hosts, COUNT(void_hosts)) ||
	       (is_one_of(box, sample_boxes, COUNT(sample_boxes)) &&
		is_one_of(host, sample_hosts, COUNT(sample_hosts)));
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
	       ends_in_one_of(str_make(digits, len), phone_tails, COUNT(phone_tails));
}

static bool is_sha256(struct str s)
{
	if (s.len != 64)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_hex(s.p[i]))
			return false;
	return true;
}

bool identity_is_placeholder(enum identity_kind kind, struct str value)
{
	value = str_trim(value);
	if (is_sha256(value))
		return is_one_of(value, hashes, COUNT(hashes)) ||
		       is_monotonous(value, 65);
	if (is_one_of(value, words, COUNT(words)) || is_monotonous(value, 6))
		return true;
	if (kind == IDENTITY_EMAIL)
		return is_placeholder_email(value);
	if (kind == IDENTITY_PHONE)
		return is_placeholder_phone(value);
	return false;
}
