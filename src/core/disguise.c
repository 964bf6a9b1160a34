/* SPDX-License-Identifier: MIT */
#include "core/disguise.h"

#include "core/digest.h"
#include "core/email_scan.h"
#include "core/finer_picture.h"
#include "core/percent.h"

/* Of a '+' a form may have made a blank. */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-' || c == ' ')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Whether the byte goes on a text in UTF-8, of whose last character `*more` bytes were to
 * come: most ids end here at their first. */
static bool is_text(unsigned char c, int *more)
{
	if (*more > 0) {
		--*more;
		return c >= 0x80 && c < 0xc0;
	}
	*more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
	return c < 0x80 ? (c >= ' ' && c != 0x7f) || ascii_is_space((char)c)
			: c >= 0xc2 && c < 0xf5;
}

struct base64 {
	struct str left;
	unsigned bits;
	int have;
};

/* The next byte of the text; false where there is none. */
static bool base64_next(struct base64 *b, char *c)
{
	while (b->left.len > 0) {
		int digit = base64_value(percent_next(&b->left));

		if (digit < 0)
			return false;
		b->bits = b->bits << 6 | (unsigned)digit;
		b->have += 6;
		if (b->have < 8)
			continue;
		b->have -= 8;
		*c = (char)(b->bits >> b->have);
		b->bits &= (1u << b->have) - 1;
		return true;
	}
	return false;
}

static bool is_alnum(char c)
{
	return email_is_letter(c) || ascii_is_digit(c);
}

/* `behind` an '@'. */
static bool begins_finer_picture(struct base64 behind)
{
	char domain[64];
	size_t len = 0;

	while (len < sizeof(domain) && base64_next(&behind, &domain[len]) &&
	       (is_alnum(domain[len]) || domain[len] == '.' || domain[len] == '-'))
		len++;
	return len < sizeof(domain) && is_finer_picture(str_make(domain, len));
}

/* Data is written like this, where a name with an '@' in front is no address: before one must
 * stand a letter or a digit, with no more than signs of a local part between ("@brand.de"). */
bool is_base64_email(struct str value)
{
	struct base64 in = {.left = value}, domain = in;
	struct email_scan scan = {.local = false};
	bool word = false;
	int more = 0;
	char c;

	if (value.len < 8) /* a@b.de */
		return false;
	while (base64_next(&in, &c)) {
		if (!is_text((unsigned char)c, &more))
			return false;
		if (c == '@')
			domain = in;
		if (email_scan_byte(&scan, c == '@' && !word ? ' ' : c)) {
			if (!begins_finer_picture(domain))
				return true;
			scan = (struct email_scan){.local = false};
		}
		word = is_alnum(c) || (word && email_is_local(c));
	}
	return false;
}

/* Of what is meant: the digits of a %20 are none of a hash. */
bool holds_hash(struct str value)
{
	size_t run = 0;

	while (value.len > 0 && run + value.len >= DIGEST_HEX_LEN) {
		if (ascii_is_hex(percent_next(&value))) {
			run++;
			continue;
		}
		if (run == DIGEST_HEX_LEN)
			return true;
		run = 0;
	}
	return run == DIGEST_HEX_LEN;
}

/* "name=value", each as it is written. */
static bool is_such_pair(struct str pair, pair_fn *is)
{
	struct str left = pair;

	while (left.len > 0) {
		size_t before = pair.len - left.len;

		if (percent_next(&left) == '=')
			return is(str_make(pair.p, before), left);
	}
	return false;
}

static bool parts_queries(char c)
{
	return c == '?' || c == '&' || c == ';' || c == '#';
}

struct str query_behind(struct str value)
{
	while (value.len > 0)
		if (parts_queries(percent_next(&value)))
			return value;
	return STR_NONE;
}

bool holds_query(struct str value, pair_fn *is)
{
	struct str left = value, pair = value;
	const char *end;

	if (value.len == 0)
		return false;
	end = value.p + value.len;
	if (find_any(value.p, end, "%=", false) == end)
		return false;
	while (left.len > 0) {
		const char *mark = left.p;

		if (!parts_queries(percent_next(&left)))
			continue;
		if (is_such_pair(str_make(pair.p, (size_t)(mark - pair.p)), is))
			return true;
		pair = left;
	}
	return is_such_pair(pair, is);
}
