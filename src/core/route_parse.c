/* SPDX-License-Identifier: MIT */
#include "core/route_parse.h"

#include "base/nearest.h"
#include "core/country.h"
#include "core/decimal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define GLOB_MAX 200

static const char *const haves[] = {"email", "phone", "external_id", "ttclid"};
static const char *const signals[] = {"ad_user_data", "ad_personalization", "ad_storage",
				      "analytics_storage"};
static const char *const states[] = {
	[SIGNAL_UNSPECIFIED] = "UNSPECIFIED",
	[SIGNAL_GRANTED] = "GRANTED",
	[SIGNAL_DENIED] = "DENIED",
};

enum err_code route_parse_event(struct route *r, struct str glob, struct err *e)
{
	glob = str_trim(glob);
	if (glob.len > GLOB_MAX)
		return err_set(e, ERR_USAGE, "an event is at most %d bytes long",
			       GLOB_MAX);
	for (size_t i = 0; i < glob.len; i++)
		if ((unsigned char)glob.p[i] < ' ' || glob.p[i] == 0x7f)
			return err_set(e, ERR_USAGE,
				       "an event has no control characters");
	r->event = glob;
	return ERR_OK;
}

/* `count` letters, into upper case. */
static bool read_code(struct str word, size_t count, char *into)
{
	word = str_trim(word);
	if (word.len != 0 && word.len != count)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (ascii_upper(word.p[i]) < 'A' || ascii_upper(word.p[i]) > 'Z')
			return false;
	for (size_t i = 0; i < word.len; i++)
		into[i] = ascii_upper(word.p[i]);
	into[word.len] = 0;
	return true;
}

enum err_code route_parse_country(struct route *r, struct str word, struct err *e)
{
	const char *code;
	char own[3];

	if (!read_code(word, 2, r->country))
		return err_set(e, ERR_USAGE, "'%.*s' is no country of two letters, as DE",
			       STR_ARG(word));
	/* XX and EU are routes' as well; rows that say so have no other code. */
	code = country_code(str_of(r->country), own);
	if (code)
		memcpy(r->country, code, sizeof(r->country));
	return ERR_OK;
}

enum err_code route_parse_currency(struct route *r, struct str word, struct err *e)
{
	if (!read_code(word, 3, r->currency))
		return err_set(e, ERR_USAGE,
			       "'%.*s' is no currency of three letters, as EUR",
			       STR_ARG(word));
	return ERR_OK;
}

enum err_code route_parse_min_value(struct route *r, struct str word, struct err *e)
{
	struct decimal d;

	word = str_trim(word);
	if (word.len > 0 && (!decimal_read(word, &d) || decimal_is_huge(&d)))
		return err_set(e, ERR_USAGE, "'%.*s' is no amount such as 29.99",
			       STR_ARG(word));
	r->min_value = word;
	return ERR_OK;
}

static const char *hint(struct nearest *near, struct str word, const char *const *table,
			size_t count)
{
	nearest_init(near, word);
	for (size_t i = 0; i < count; i++)
		nearest_offer(near, str_of(table[i]));
	return nearest_hint(near);
}

/* A table's row, without regard to case; its size where there is none. */
static size_t row_of(struct str word, const char *const *table, size_t count)
{
	size_t i = 0;

	while (i < count && !str_ieq(word, str_of(table[i])))
		i++;
	return i;
}

bool route_next_target(struct str *list, struct str *name)
{
	const char *comma;

	if (list->len == 0)
		return false;
	comma = memchr(list->p, ',', list->len);
	*name = str_make(list->p, comma ? (size_t)(comma - list->p) : list->len);
	*list = comma ? str_make(comma + 1, list->len - name->len - 1) : STR_NONE;
	*name = str_trim(*name);
	return true;
}

bool route_has_target(struct str list, struct str name)
{
	struct str other;

	while (route_next_target(&list, &other))
		if (str_eq(other, name))
			return true;
	return false;
}

enum err_code route_parse_has(struct route *r, struct str list, struct err *e)
{
	struct nearest near;
	uint8_t has = 0;
	struct str word;
	size_t row;

	while (route_next_target(&list, &word)) {
		row = row_of(word, haves, COUNT(haves));
		if (row == COUNT(haves))
			return err_set(
				e, ERR_USAGE,
				"'%.*s' is none of email, phone, external_id, ttclid%s",
				STR_ARG(word), hint(&near, word, haves, COUNT(haves)));
		has |= (uint8_t)(1u << row);
	}
	r->has = has;
	return ERR_OK;
}

static enum err_code read_signal(struct str word, size_t *signal, size_t *state,
				 struct err *e)
{
	const char *equals = word.len ? memchr(word.p, '=', word.len) : NULL;
	size_t at = equals ? (size_t)(equals - word.p) : word.len;
	struct nearest near;

	*signal = row_of(str_trim(str_make(word.p, at)), signals, COUNT(signals));
	if (!equals || *signal == COUNT(signals))
		return err_set(
			e, ERR_USAGE,
			"'%.*s' is not SIGNAL=STATE; the signals are ad_user_data, "
			"ad_personalization, ad_storage and analytics_storage%s",
			STR_ARG(word),
			hint(&near, str_trim(str_make(word.p, at)), signals,
			     COUNT(signals)));
	*state = row_of(str_trim(str_make(equals + 1, word.len - at - 1)), states,
			COUNT(states));
	if (*state == COUNT(states))
		return err_set(e, ERR_USAGE,
			       "'%.*s': the states are GRANTED, DENIED and UNSPECIFIED%s",
			       STR_ARG(word),
			       hint(&near,
				    str_trim(str_make(equals + 1, word.len - at - 1)),
				    states, COUNT(states)));
	return ERR_OK;
}

enum err_code route_parse_consent(struct route *r, struct str list, struct err *e)
{
	uint8_t asked = 0;
	struct consent consent = {0};
	struct str word;
	size_t signal = 0, state = 0;

	while (route_next_target(&list, &word)) {
		if (read_signal(word, &signal, &state, e))
			return e->code;
		asked |= (uint8_t)(1u << signal);
		*route_signal_of(&consent, (enum route_signal)(1u << signal)) =
			(unsigned char)state;
	}
	r->signals = asked;
	r->consent = consent;
	return ERR_OK;
}

static int32_t sample_unit(size_t decimals)
{
	static const int32_t units[] = {10000, 1000, 100, 10, 1};

	return units[decimals];
}

/* In parts of a million; -1 where it is no percentage. */
static int64_t read_percent(struct str word)
{
	int64_t parts = 0;
	size_t decimals = 0, digits = 0;
	bool point = false;

	for (size_t i = 0; i < word.len; i++) {
		if (word.p[i] == '.' && !point && digits > 0 && i + 1 < word.len) {
			point = true;
			continue;
		}
		if (!ascii_is_digit(word.p[i]) || ++digits > 7 || (decimals += point) > 4)
			return -1;
		parts = parts * 10 + (word.p[i] - '0');
	}
	parts *= sample_unit(decimals);
	return digits > 0 && parts <= ROUTE_PARTS ? parts : -1;
}

enum err_code route_parse_sample(struct route *r, struct str word, struct err *e)
{
	struct str number = str_trim(word);
	int64_t parts;

	if (number.len > 1 && number.p[number.len - 1] == '%')
		number = str_trim(str_make(number.p, number.len - 1));
	parts = number.len > 0 ? read_percent(number) : ROUTE_PARTS;
	if (parts < 0)
		return err_set(e, ERR_USAGE,
			       "'%.*s' is no percentage from 0 to 100, as 12.5",
			       STR_ARG(word));
	r->left_out = (int32_t)(ROUTE_PARTS - parts);
	return ERR_OK;
}

static const char *word_of_bit(unsigned bit, const char *const *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bit == 1u << i)
			return table[i];
	return "?";
}

const char *route_has_word(enum route_has has)
{
	return word_of_bit(has, haves, COUNT(haves));
}

const char *route_signal_word(enum route_signal signal)
{
	return word_of_bit(signal, signals, COUNT(signals));
}

unsigned char *route_signal_of(struct consent *consent, enum route_signal signal)
{
	switch (signal) {
	case ROUTE_AD_USER_DATA: return &consent->ad_user_data;
	case ROUTE_AD_PERSONALIZATION: return &consent->ad_personalization;
	case ROUTE_AD_STORAGE: return &consent->ad_storage;
	case ROUTE_ANALYTICS_STORAGE: return &consent->analytics_storage;
	}
	return NULL;
}
