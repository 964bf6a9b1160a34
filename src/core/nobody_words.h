/* SPDX-License-Identifier: MIT
 * nobody_words.h - what stands for nobody, as lists: once for a comparison that costs a word or two
 * (identity_placeholder.c), once to hash them all (nobody_hash.c).
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_NOBODY_WORDS_H
#define CORE_NOBODY_WORDS_H

/* clang-format off */

/* What forms, shops, exports and SDKs write where nobody is known, in lower case, by length. A blank
 * behind a letter stands for '-' and '_', too. */
#define NOBODY_WORDS_1(X) X("-") X(".") X("?") X("0")
#define NOBODY_WORDS_2(X) X("na") X("--") X("-1") X("{}") X("[]") X("\"\"") X("\\n") X("%s") X("%d")
#define NOBODY_WORDS_3(X) X("nil") X("nan") X("n/a") X("xxx") X("tbd")
#define NOBODY_WORDS_4(X) X("null") X("none") X("n.a.") X("anon") X("user") \
	X("test") X("demo") X("fake") X("true") X("asdf") X("#n/a") X("noid")
#define NOBODY_WORDS_5(X) X("empty") X("blank") X("guest") X("dummy") X("false") \
	X("array") X("no id")
#define NOBODY_WORDS_6(X) X("(null)") X("(none)") X("notset") X("userid") \
	X("tester") X("sample") X("hidden") X("qwerty")
#define NOBODY_WORDS_7(X) X("unknown") X("not set") X("default") X("example") \
	X("deleted") X("removed") X("user id") X("visitor") X("missing") X("opt out")
#define NOBODY_WORDS_8(X) X("testuser") X("redacted") X("customer") X("optedout")
#define NOBODY_WORDS_9(X) X("undefined") X("(not set)") X("guestuser") \
	X("anonymous") X("test user") X("opted out")
#define NOBODY_WORDS_10(X) X("guest user") X("logged out") X("no consent")
#define NOBODY_WORDS_11(X) X("customer id") X("placeholder")
#define NOBODY_WORDS_12(X) X("not provided")
#define NOBODY_WORDS_13(X) X("not logged in") X("not available")
#define NOBODY_WORDS_14(X) X("anonymous user") X("consent denied")
#define NOBODY_WORDS(X) NOBODY_WORDS_1(X) NOBODY_WORDS_2(X) NOBODY_WORDS_3(X) \
	NOBODY_WORDS_4(X) NOBODY_WORDS_5(X) NOBODY_WORDS_6(X) NOBODY_WORDS_7(X) \
	NOBODY_WORDS_8(X) NOBODY_WORDS_9(X) NOBODY_WORDS_10(X) NOBODY_WORDS_11(X) \
	NOBODY_WORDS_12(X) NOBODY_WORDS_13(X) NOBODY_WORDS_14(X)

/* In front of the @ at any host: nobody in particular reads there. By length too. */
#define NOBODY_BOXES_2(X) X("na")
#define NOBODY_BOXES_3(X) X("n/a") X("pos")
#define NOBODY_BOXES_4(X) X("none") X("null")
#define NOBODY_BOXES_5(X) X("guest")
#define NOBODY_BOXES_6(X) X("nobody") X("nomail") X("walkin")
#define NOBODY_BOXES_7(X) X("noemail") X("no mail") X("noreply") X("unknown") \
	X("walk in") X("deleted")
#define NOBODY_BOXES_8(X) X("no email") X("no.email") X("no reply")
#define NOBODY_BOXES_9(X) X("undefined") X("anonymous")
#define NOBODY_BOXES_10(X) X("donotreply") X("anonymized") X("anonymised")
#define NOBODY_BOXES_11(X) X("notprovided")
#define NOBODY_BOXES_12(X) X("do not reply") X("not provided")
#define NOBODY_BOXES(X) NOBODY_BOXES_2(X) NOBODY_BOXES_3(X) NOBODY_BOXES_4(X) \
	NOBODY_BOXES_5(X) NOBODY_BOXES_6(X) NOBODY_BOXES_7(X) NOBODY_BOXES_8(X) \
	NOBODY_BOXES_9(X) NOBODY_BOXES_10(X) NOBODY_BOXES_11(X) NOBODY_BOXES_12(X)

/* In front of the @ at a host that is no one's in particular either, as the words above are. */
#define SAMPLE_BOXES(X) X("test") X("testing") X("example") X("email") X("mail") \
	X("name") X("yourname") X("your.name") X("your.email") X("your-email") X("youremail") \
	X("no") X("asdf") X("foo") X("bar")
#define SAMPLE_HOSTS(X) X("example.com") X("example.org") X("example.net") X("test.com") \
	X("test.test") X("test.de") X("email.com") X("mail.com") X("domain.com") X("abc.com") \
	X("asdf.com") X("x.com") X("a.com") X("foo.com") X("bar.com")

/* Behind the @, whatever stands before it. */
#define VOID_HOSTS(X) X("none.com") X("null.com") X("noemail.com") X("nomail.com") \
	X("no-email.com") X("noreply.com") X("unknown.com") X("localhost") \
	X("anonymous.invalid") X("email.invalid") X("na.na")

/* A national number that counts up or down. */
#define PHONE_COUNTS(X) X("123456789") X("0123456789") X("1234567890") X("12345678901") \
	X("987654321") X("9876543210")
/* clang-format on */

#endif
