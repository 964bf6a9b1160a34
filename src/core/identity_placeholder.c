/* SPDX-License-Identifier: MIT */
#include "core/identity.h"
#include "core/macro.h"
#include "core/nobody_hash.h"
#include "core/nobody_words.h"
#include "core/sha256_hex.h"

/* Lengths are known where the words stand, so that each comparison is a word or two. */
#define OR_IS(word) || memcmp(s, word, sizeof(word) - 1) == 0

/* clang-format off */
static bool is_word(const char *s, size_t len)
{
	switch (len) {
	case 0: return true;
	case 1: return false NOBODY_WORDS_1(OR_IS);
	case 2: return false NOBODY_WORDS_2(OR_IS);
	case 3: return false NOBODY_WORDS_3(OR_IS);
	case 4: return false NOBODY_WORDS_4(OR_IS);
	case 5: return false NOBODY_WORDS_5(OR_IS);
	case 6: return false NOBODY_WORDS_6(OR_IS);
	case 7: return false NOBODY_WORDS_7(OR_IS);
	case 8: return false NOBODY_WORDS_8(OR_IS);
	case 9: return false NOBODY_WORDS_9(OR_IS);
	case 10: return false NOBODY_WORDS_10(OR_IS);
	case 11: return false NOBODY_WORDS_11(OR_IS);
	case 12: return false NOBODY_WORDS_12(OR_IS);
	case 13: return false NOBODY_WORDS_13(OR_IS);
	case 14: return false NOBODY_WORDS_14(OR_IS);
	default: return false;
	}
}

static bool is_mailbox(const char *s, size_t len)
{
	switch (len) {
	case 2: return false NOBODY_BOXES_2(OR_IS);
	case 3: return false NOBODY_BOXES_3(OR_IS);
	case 4: return false NOBODY_BOXES_4(OR_IS);
	case 5: return false NOBODY_BOXES_5(OR_IS);
	case 6: return false NOBODY_BOXES_6(OR_IS);
	case 7: return false NOBODY_BOXES_7(OR_IS);
	case 8: return false NOBODY_BOXES_8(OR_IS);
	case 9: return false NOBODY_BOXES_9(OR_IS);
	case 10: return false NOBODY_BOXES_10(OR_IS);
	case 11: return false NOBODY_BOXES_11(OR_IS);
	case 12: return false NOBODY_BOXES_12(OR_IS);
	default: return false;
	}
}
/* clang-format on */

#define ITEM(text) {text, sizeof(text) - 1},
#define BIT(text) | UINT64_C(1) << (sizeof(text) - 1)

static const struct str sample_boxes[] = {SAMPLE_BOXES(ITEM)};
static const struct str sample_hosts[] = {SAMPLE_HOSTS(ITEM)};
static const struct str void_hosts[] = {VOID_HOSTS(ITEM)};
static const struct str phone_counts[] = {PHONE_COUNTS(ITEM)};

#define WORD_MAX (sizeof("anonymous_user") - 1)

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* `lengths` are those of the table, a bit each: most texts have none of them. */
static bool is_one_of(struct str s, const struct str *table, size_t count,
		      uint64_t lengths)
{
	if (s.len > 63 || !(lengths >> s.len & 1))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_ieq(s, table[i]))
			return true;
	return false;
}

/* Which no word does, but a sign with a digit. */
static bool ends_in_digit(struct str s)
{
	return s.len > 2 && ascii_is_digit(s.p[s.len - 1]);
}

/* The text in lower case, with a blank for a '-' and a '_' behind a letter; of one that is longer
 * than any word nothing, which is false. */
static bool fold(struct str s, char lower[WORD_MAX + 1])
{
	if (s.len > WORD_MAX)
		return false;
	lower[0] = '\0';
	for (size_t i = 0; i < s.len; i++) {
		lower[i] = ascii_lower(s.p[i]);
		if ((lower[i] == '-' || lower[i] == '_') && i > 0 &&
		    ascii_is_letter(s.p[i - 1]))
			lower[i] = ' ';
	}
	return true;
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

/* deleted.com is named deleted. */
static bool is_named(struct str host, struct str name)
{
	return host.len > name.len && host.p[name.len] == '.' &&
	       str_ieq(str_make(host.p, name.len), name);
}

static bool is_sample(struct str box, struct str host)
{
	return is_one_of(host, sample_hosts, COUNT(sample_hosts), 0 SAMPLE_HOSTS(BIT)) ||
	       is_named(host, box);
}

static bool is_placeholder_email(struct str s)
{
	struct str box, host;
	char lower[WORD_MAX + 1];
	const char *at = memrchr(s.p, '@', s.len);
	bool may;

	if (!at)
		return true;
	box = str_make(s.p, (size_t)(at - s.p));
	host = str_make(at + 1, s.len - box.len - 1);
	may = !ends_in_digit(box) && fold(box, lower);
	return box.len == 0 || host.len == 0 || (may && is_mailbox(lower, box.len)) ||
	       is_macro(box) ||
	       is_one_of(host, void_hosts, COUNT(void_hosts), 0 VOID_HOSTS(BIT)) ||
	       (((may && is_word(lower, box.len)) ||
		 is_one_of(box, sample_boxes, COUNT(sample_boxes),
			   0 SAMPLE_BOXES(BIT))) &&
		is_sample(box, host));
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

/* What a program has put together of something and nothing, in its own spelling:
 * GA1.1.undefined. Nan and Null by themselves are names. */
static bool ends_in_nothing(struct str s)
{
	static const struct str ends[] = {ITEM("undefined") ITEM("null") ITEM("NaN")};

	for (size_t i = 0; i < COUNT(ends); i++)
		if (s.len > ends[i].len &&
		    !ascii_is_letter(s.p[s.len - ends[i].len - 1]) &&
		    memcmp(s.p + s.len - ends[i].len, ends[i].p, ends[i].len) == 0)
			return true;
	return false;
}

bool is_placeholder_word(struct str text)
{
	char lower[WORD_MAX + 1];

	if (ends_in_digit(text))
		return false;
	return (fold(text, lower) && is_word(lower, text.len)) || is_macro(text) ||
	       ends_in_nothing(text);
}

bool identity_is_placeholder(enum identity_kind kind, struct str value)
{
	value = str_trim(value);
	if (value.len >= HASH_MIN_LEN && whose_hash(value) != HASH_OF_ANY)
		return true;
	if (is_sha256_hex(value))
		return is_monotonous(value, 65);
	if (is_placeholder_word(value) || is_monotonous(value, 6))
		return true;
	if (kind == IDENTITY_EMAIL)
		return is_placeholder_email(value);
	if (kind == IDENTITY_PHONE)
		return is_placeholder_phone(value);
	return false;
}
