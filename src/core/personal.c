/* SPDX-License-Identifier: MIT */
#include "core/personal.h"

#include "core/disguise.h"
#include "core/email_scan.h"
#include "core/finer_picture.h"
#include "core/nobody.h"
#include "core/percent.h"
#include "core/personal_names.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { PHONE_DIGITS_MIN = 8, PHONE_DIGITS_MAX = 15 };

/* What the first byte of a wide form (U+FF20, U+FE6B; U+FF0E) stands for, with which the address
 * is one to a mail program and to our own hashing. */
static char narrow(char first, struct str *s)
{
	struct str ahead = *s;
	char second = ahead.len > 0 ? percent_next(&ahead) : '\0';
	char third = ahead.len > 0 ? percent_next(&ahead) : '\0';

	if ((second == '\xbc' && third == '\xa0') ||
	    (second == '\xb9' && third == '\xab'))
		first = '@';
	else if (second == '\xbc' && third == '\x8e')
		first = '.';
	else
		return first;
	*s = ahead;
	return first;
}

bool holds_email(struct str raw)
{
	struct email_scan scan = {.local = false};
	const char *end = raw.p + raw.len;
	struct str domain = STR_NONE;

	if (raw.len == 0 || find_any(raw.p, end, "@%" WIDE_SIGN, false) == end)
		return false;
	while (raw.len > 0) {
		char c = percent_next(&raw);

		if (c == *WIDE_SIGN)
			c = narrow(c, &raw);
		if (c == '@')
			domain = raw;
		if (!email_scan_byte(&scan, c))
			continue;
		if (!is_finer_picture(domain))
			return true;
		scan = (struct email_scan){.local = false};
	}
	return false;
}

static bool is_alnum(char c)
{
	return ascii_is_digit(c) || email_is_letter(c);
}

/* From the '+' at `at` on: up to 15 digits, in whole groups. */
static struct str phone_at(struct str text, size_t at)
{
	size_t digits = 0, end = at, count = 0;

	for (size_t i = at + 1; i < text.len; i++) {
		bool digit = ascii_is_digit(text.p[i]);

		if (digit && ++digits > PHONE_DIGITS_MAX)
			break;
		if (!digit && (text.p[i] == '\0' || strchr(" -.()/", text.p[i]) == NULL))
			break;
		if (digit && (i + 1 == text.len || !ascii_is_digit(text.p[i + 1]))) {
			end = i + 1;
			count = digits;
		}
	}
	return count >= PHONE_DIGITS_MIN ? str_make(text.p + at, end - at) : STR_NONE;
}

struct str phone_in(struct str text)
{
	const char *mark = text.len > 0 ? memchr(text.p, '+', text.len) : NULL;

	while (mark) {
		size_t at = (size_t)(mark - text.p);
		struct str found = phone_at(text, at);

		if (found.len > 0 && (at == 0 || !is_alnum(text.p[at - 1])))
			return found;
		mark = memchr(mark + 1, '+', text.len - at - 1);
	}
	return STR_NONE;
}

/* Lower-case letters and digits only, a NUL behind. Digits at the end are a number: email2.
 * Empty where it is too long for any. Tells whether it may have parts. */
static bool canonical(struct str raw, char n[PERSONAL_NAME_MAX + 1])
{
	bool parts = false;
	size_t len = 0;

	while (raw.len > 0) {
		char c = ascii_lower(percent_next(&raw));

		parts = parts || c == '[' || c == '.';
		if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z'))
			continue;
		if (len < PERSONAL_NAME_MAX)
			n[len] = c;
		len++;
	}
	if (len > PERSONAL_NAME_MAX)
		len = 0;
	while (len > 0 && ascii_is_digit(n[len - 1]))
		len--;
	n[len] = '\0';
	return parts;
}

/* "last_name" of "cart[0][last_name]" and "user.last_name"; empty where there are no parts. */
static struct str last_part(struct str raw)
{
	struct str part = STR_NONE;

	while (raw.len > 0) {
		char c = percent_next(&raw);
		struct str ahead = raw;

		if ((c == '[' || c == '.') && raw.len > 0 && percent_next(&ahead) != ']')
			part = raw;
	}
	return part;
}

/* In a sorted table, by halves; most steps are told by the first byte. */
static bool is_in(const char *name, const char *const *table, size_t count)
{
	size_t from = 0, to = count;

	while (from < to) {
		size_t middle = (from + to) / 2;
		int order = name[0] - table[middle][0];

		if (order == 0)
			order = strcmp(name, table[middle]);
		if (order == 0)
			return true;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return false;
}

/* "useragent" of browser_user_agent, "ip" of HTTP_CLIENT_IP; empty where nothing is before it. */
static const char *behind_source(const char *n)
{
	const char *rest = n;

	for (size_t i = 0; i < COUNT(sources); i++)
		if (rest[0] == sources[i][0] &&
		    strncmp(rest, sources[i], strlen(sources[i])) == 0)
			rest += strlen(sources[i]);
	return rest == n ? "" : rest;
}

/* The name of what was hashed: email_sha256 and sha256_email; digits at the end are gone
 * already. */
static void strip_hash(char *n)
{
	static const char *const marks[] = {"sha256", "sha1", "md5", "hashed",
					    "hash",   "sha",  "md"};
	size_t len = strlen(n);

	for (size_t i = 0; i < COUNT(marks); i++) {
		size_t mark = strlen(marks[i]);

		if (len > mark && strcmp(n + len - mark, marks[i]) == 0) {
			n[len - mark] = '\0';
			return;
		}
		if (len > mark && strncmp(n, marks[i], mark) == 0) {
			memmove(n, n + mark, len - mark + 1);
			return;
		}
	}
}

/* `owner` of owners, behind which the part stands. */
static bool is_part_of_address(const char *owner, const char *part)
{
	if (is_in(part, places, COUNT(places)))
		return true;
	return (strcmp(owner, "billing") == 0 || strcmp(owner, "shipping") == 0) &&
	       is_in(part, regions, COUNT(regions));
}

static bool is_personal_plainly(const char *n)
{
	if (n[0] == '\0')
		return false;
	if (is_in(n, personal_names, COUNT(personal_names)))
		return true;
	for (size_t i = 0; i < COUNT(owners); i++) {
		size_t len;

		if (n[0] != owners[i][0])
			continue;
		len = strlen(owners[i]);
		if (strncmp(n, owners[i], len) == 0 &&
		    (is_in(n + len, personal_names, COUNT(personal_names)) ||
		     is_part_of_address(owners[i], n + len)))
			return true;
	}
	n = behind_source(n);
	return strncmp(n, "ip", 2) == 0 &&
	       is_in(n, personal_names, COUNT(personal_names));
}

static bool is_personal_name(const char *n)
{
	char plain[PERSONAL_NAME_MAX + 1];

	if (is_personal_plainly(n))
		return true;
	memcpy(plain, n, sizeof(plain));
	strip_hash(plain);
	return is_personal_plainly(plain);
}

static bool is_phone_name(const char *n)
{
	return strstr(n, "phone") != NULL || strstr(n, "mobile") != NULL ||
	       strstr(n, "whatsapp") != NULL || strncmp(n, "tel", 3) == 0;
}

/* Digits with the marks that people put between them. A '+' is a blank in a form. */
static bool is_phone(struct str raw, const char *name)
{
	size_t digits = 0, zeros = 0;
	bool plus = false;

	while (raw.len > 0) {
		char c = percent_next(&raw);

		if (c == '+' && digits == 0)
			plus = true;
		else if (ascii_is_digit(c))
			zeros += digits++ == zeros && c == '0';
		else if (c == '\0' || strchr(" +-.()/", c) == NULL)
			return false;
	}
	if (digits < 7 || digits > 17)
		return false;
	if (plus && zeros == 0)
		return true;
	return (plus || zeros == 2 || digits > 9) && is_phone_name(name);
}

/* A property's name may have a '=' in it: what stands before it is the name then. */
void personal_name_of(struct str whole, struct personal_name *out)
{
	const char *equals = whole.len > 0 ? memchr(whole.p, '=', whole.len) : NULL;
	struct str name =
		str_make(whole.p, equals ? (size_t)(equals - whole.p) : whole.len);
	char last[PERSONAL_NAME_MAX + 1];
	bool parts = canonical(name, out->canonical);

	out->campaign = out->personal = out->email = false;
	out->click_id = is_in(out->canonical, click_ids, COUNT(click_ids));
	if (out->click_id)
		return;
	out->email = holds_email(whole);
	out->campaign = strncmp(out->canonical, "utm", 3) == 0;
	if (out->campaign)
		return;
	out->personal = is_personal_name(out->canonical);
	if (!out->personal && parts) {
		canonical(last_part(name), last);
		out->personal = is_personal_name(last);
	}
}

bool personal_value(const struct personal_name *name, struct str value)
{
	if (name->email || holds_email(value))
		return true;
	if (value.len == 0)
		return false;
	/* No id begins like that. */
	if (name->click_id)
		return (value.p[0] == '%' || value.p[0] == '+') && is_phone(value, "");
	/* A '+' is a blank here, unless it is encoded. */
	if (name->campaign)
		return value.p[0] == '%' && is_phone(value, "");
	return name->personal || is_phone(value, name->canonical);
}

static struct str behind_mark(struct str name)
{
	static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
	struct str rest = name;

	for (size_t i = 0; i < sizeof(mark); i++)
		if (rest.len == 0 || (unsigned char)percent_next(&rest) != mark[i])
			return name;
	return rest;
}

/* Of letters of another script nothing is left in the canonical one. */
static bool is_wide(struct str name)
{
	name = behind_mark(name);
	while (name.len > 0)
		if ((unsigned char)percent_next(&name) >= 0x80)
			return true;
	return false;
}

/* Two letters may be all that is left: ціна_ua is a price. The others are theirs in any company,
 * behind the mark too that Excel puts before a table's first column. */
bool is_device_name(struct str name, const char *canonical)
{
	return (is_in(canonical, device_names, COUNT(device_names)) &&
		(strcmp(canonical, "ua") != 0 || !is_wide(name))) ||
	       is_in(behind_source(canonical), device_names, COUNT(device_names));
}

/* What is longer than any word for nobody is somebody's. */
static bool is_of_device(const char *canonical, struct str value)
{
	enum { AGENT_MIN = 16 };
	char p[64];
	size_t len = 0;
	struct str text;

	while (value.len > 0 && len < sizeof(p))
		p[len++] = percent_next(&value);
	text = str_make(p, len);
	if (value.len > 0)
		return true;
	/* Two letters that are much else: a country, a flag. */
	if (strcmp(canonical, "ua") == 0 && len < AGENT_MIN && !memchr(p, '/', len))
		return false;
	return len > 0 && !stands_for_nobody(text);
}

bool pair_names_device(struct str name, struct str value)
{
	char n[PERSONAL_NAME_MAX + 1];
	bool parts = canonical(name, n);

	if (is_device_name(name, n))
		return is_of_device(n, value);
	if (!parts)
		return false;
	name = last_part(name);
	canonical(name, n);
	return is_device_name(name, n) && is_of_device(n, value);
}

/* Ids of clicks are of any writing, and what a campaign is called is nobody's. */
static bool is_personal_under(const struct personal_name *n, struct str value)
{
	return personal_value(n, value) || (!n->click_id && holds_hash(value)) ||
	       (!n->click_id && !n->campaign && is_base64_email(value));
}

bool pair_is_personal(struct str name, struct str value)
{
	struct personal_name n;

	personal_name_of(name, &n);
	return is_personal_under(&n, value);
}

static struct str cut_value(struct str *name)
{
	const char *equals = name->len > 0 ? memchr(name->p, '=', name->len) : NULL;
	size_t len = equals != NULL ? (size_t)(equals - name->p) : name->len;
	size_t behind = equals != NULL ? len + 1 : len;
	struct str value = str_make(name->p + behind, name->len - behind);

	name->len = len;
	return value;
}

bool param_is_personal(struct str param)
{
	struct str value = cut_value(&param);
	struct personal_name n;

	personal_name_of(param, &n);
	return is_personal_under(&n, value) ||
	       holds_query(n.click_id || n.campaign ? query_behind(value) : value,
			   pair_is_personal);
}

bool param_names_device(struct str param)
{
	struct str value = cut_value(&param);

	return pair_names_device(param, value) || holds_query(value, pair_names_device);
}
