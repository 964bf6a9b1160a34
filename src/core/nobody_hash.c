/* SPDX-License-Identifier: MIT
 *
 * The first eight bytes of each SHA-256 are kept, as an identifier is told by no more. Few of the
 * hashes that come are known: a bit for each first two bytes answers for nearly all of them. */
#include "core/nobody_hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/digest.h"
#include "core/nobody_words.h"
#include "core/sha256_hex.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ITEM(text) {text, sizeof(text) - 1},

static const struct str words[] = {NOBODY_WORDS(ITEM)};
static const struct str boxes[] = {NOBODY_WORDS(ITEM) NOBODY_BOXES(ITEM)
					   SAMPLE_BOXES(ITEM)};
static const struct str hosts[] = {SAMPLE_HOSTS(ITEM) VOID_HOSTS(ITEM)};
static const struct str phone_counts[] = {PHONE_COUNTS(ITEM)};

/* What no word becomes by capitals. */
/* clang-format off */
static const struct str others[] = {
	ITEM("")
	ITEM(" ")
	ITEM("NaN")
	ITEM("[object Object]")
	ITEM("00000000-0000-0000-0000-000000000000")
	ITEM("{00000000-0000-0000-0000-000000000000}")
};
/* clang-format on */

enum { KNOWN_MAX = 8192 };

static struct known {
	uint64_t start;
	enum hash_owner of;
} known[KNOWN_MAX];

static size_t known_count;
static uint32_t marks[65536 / 32];

static uint64_t start_of(const unsigned char *d)
{
	uint64_t start = 0;

	for (size_t i = 0; i < 8; i++)
		start = start << 8 | d[i];
	return start;
}

static void add(struct digest *dg, struct str text, enum hash_owner of)
{
	unsigned char raw[DIGEST_LEN];

	if (known_count == KNOWN_MAX)
		abort();
	digest_raw(dg, text, raw);
	known[known_count++] = (struct known){start_of(raw), of};
	marks[raw[0] << 3 | raw[1] >> 5] |= UINT32_C(1) << (raw[1] & 31);
}

/* not set, NOT SET, Not set, Not Set. */
static void add_spellings(struct digest *dg, struct str word)
{
	char upper[32], first[32], each[32];
	bool begun = false;

	for (size_t i = 0; i < word.len; i++) {
		bool starts = i == 0 || !ascii_is_letter(word.p[i - 1]);

		upper[i] = ascii_upper(word.p[i]);
		each[i] = starts ? upper[i] : word.p[i];
		first[i] = begun ? word.p[i] : upper[i];
		begun = begun || ascii_is_letter(word.p[i]);
	}
	add(dg, word, HASH_OF_NOBODY);
	add(dg, str_make(upper, word.len), HASH_OF_NOBODY);
	add(dg, str_make(first, word.len), HASH_OF_NOBODY);
	add(dg, str_make(each, word.len), HASH_OF_NOBODY);
}

/* The word with `sign` in the place of its blanks. */
static struct str joined(struct str word, char sign, char out[32])
{
	for (size_t i = 0; i < word.len; i++)
		out[i] = word.p[i] == ' ' ? sign : word.p[i];
	return str_make(out, word.len);
}

static void add_word(struct digest *dg, struct str word)
{
	char other[32];

	add_spellings(dg, word);
	if (memchr(word.p, ' ', word.len)) {
		add_spellings(dg, joined(word, '-', other));
		add_spellings(dg, joined(word, '_', other));
	}
}

/* Up to the 32 of a UUID, and the number of nobody: +000. */
static void add_zeros(struct digest *dg)
{
	char text[] = "+00000000000000000000000000000000";

	for (size_t len = 1; len <= sizeof(text) - 2; len++) {
		add(dg, str_make(text + 1, len), HASH_OF_NOBODY);
		add(dg, str_make(text, len + 1), HASH_OF_NOBODY);
	}
}

static void add_address(struct digest *dg, struct buf *b, struct str box, struct str host)
{
	buf_clear(b);
	buf_adds(b, box);
	buf_addc(b, '@');
	buf_adds(b, host);
	add(dg, buf_str(b), HASH_OF_MANY);
}

static void add_box(struct digest *dg, struct buf *b, struct str box)
{
	char own[64];
	int len = snprintf(own, sizeof(own), "%.*s.com", STR_ARG(box));

	for (size_t h = 0; h < COUNT(hosts); h++)
		add_address(dg, b, box, hosts[h]);
	add_address(dg, b, box, str_make(own, (size_t)len));
}

/* test@example.com, guest@none.com and guest@guest.com. */
static void add_addresses(struct digest *dg, struct buf *b)
{
	char other[32];

	for (size_t i = 0; i < COUNT(boxes); i++) {
		add_box(dg, b, joined(boxes[i], '-', other));
		if (memchr(boxes[i].p, ' ', boxes[i].len))
			add_box(dg, b, joined(boxes[i], '_', other));
	}
}

/* As it is, with a plus, and as an American one. */
static void add_phone(struct digest *dg, struct buf *b, struct str digits)
{
	buf_clear(b);
	buf_adds(b, STR("+1"));
	buf_adds(b, digits);
	add(dg, buf_str(b), HASH_OF_MANY);
	add(dg, str_make(b->p + 1, b->len - 1), HASH_OF_MANY);
	b->p[1] = '+';
	add(dg, str_make(b->p + 1, b->len - 1), HASH_OF_MANY);
	add(dg, digits, HASH_OF_MANY);
}

static void add_phones(struct digest *dg, struct buf *b)
{
	for (size_t i = 0; i < COUNT(phone_counts); i++)
		add_phone(dg, b, phone_counts[i]);
	for (char c = '0'; c <= '9'; c++) {
		char digits[12];

		memset(digits, c, sizeof(digits));
		for (size_t len = c == '0' ? 10 : 7; len <= sizeof(digits); len++)
			add_phone(dg, b, str_make(digits, len));
	}
}

/* Of two that are alike the first that was added. */
static int by_start(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->of > y->of) - (x->of < y->of);
}

static void make_table(void)
{
	struct digest dg;
	struct buf b;

	digest_init(&dg);
	buf_init(&b, 128);
	for (size_t i = 0; i < COUNT(others); i++)
		add(&dg, others[i], HASH_OF_NOBODY);
	for (size_t i = 0; i < COUNT(words); i++)
		add_word(&dg, words[i]);
	add_zeros(&dg);
	add(&dg, STR("ffffffff-ffff-ffff-ffff-ffffffffffff"), HASH_OF_MANY);
	add(&dg, STR("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"), HASH_OF_MANY);
	add_addresses(&dg, &b);
	add_phones(&dg, &b);
	qsort(known, known_count, sizeof(known[0]), by_start);
	buf_fini(&b);
	digest_fini(&dg);
}

static unsigned char byte_of(const char *hex)
{
	return (unsigned char)(sha256_hex_value(hex[0]) << 4 | sha256_hex_value(hex[1]));
}

static enum hash_owner look_up(const char *hex)
{
	unsigned char raw[8] = {byte_of(hex), byte_of(hex + 2)};
	size_t from = 0, to = known_count;
	uint64_t start;

	if (!(marks[raw[0] << 3 | raw[1] >> 5] >> (raw[1] & 31) & 1))
		return HASH_OF_ANY;
	for (size_t i = 2; i < sizeof(raw); i++)
		raw[i] = byte_of(hex + 2 * i);
	start = start_of(raw);
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (known[middle].start < start)
			from = middle + 1;
		else
			to = middle;
	}
	return from < known_count && known[from].start == start ? known[from].of
								: HASH_OF_ANY;
}

bool is_hash_of_nothing(struct str hex)
{
	switch (hex.len) {
	case 32: return str_ieq(hex, STR("d41d8cd98f00b204e9800998ecf8427e"));
	case 40: return str_ieq(hex, STR("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
	case DIGEST_HEX_LEN:
		return str_ieq(hex, STR("e3b0c44298fc1c149afbf4c8996fb924"
					"27ae41e4649b934ca495991b7852b855"));
	default: return false;
	}
}

enum hash_owner whose_hash(struct str hex)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (hex.len != DIGEST_HEX_LEN)
		return is_hash_of_nothing(hex) ? HASH_OF_NOBODY : HASH_OF_ANY;
	if (!is_sha256_hex(hex))
		return HASH_OF_ANY;
	pthread_once(&once, make_table);
	return look_up(hex.p);
}
