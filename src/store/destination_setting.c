/* SPDX-License-Identifier: MIT */
#include "store/destination_setting.h"

#include <math.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "core/country.h"
#include "core/time_zone.h"
#include "core/url.h"

struct rule {
	const char *name;
	enum err_code (*check)(const struct rule *r, struct str value, struct err *e);
	const char *words; /* "a|b|c" */
	int min, max;      /* a whole number's bounds, or a text's lengths */
	const char *sql;
};

static enum err_code check_word(const struct rule *r, struct str value, struct err *e)
{
	struct str left = str_of(r->words);
	struct nearest near;

	nearest_init(&near, value);
	while (left.len > 0) {
		const char *bar = memchr(left.p, '|', left.len);
		size_t len = bar ? (size_t)(bar - left.p) : left.len;

		if (str_eq(str_make(left.p, len), value))
			return ERR_OK;
		nearest_offer(&near, str_make(left.p, len));
		left.p += len + (bar != NULL);
		left.len -= len + (bar != NULL);
	}
	return err_set(e, ERR_USAGE, "--%s is one of %s, not '%.*s'%s", r->name, r->words,
		       STR_ARG(value), nearest_hint(&near));
}

static enum err_code check_whole(const struct rule *r, struct str value, struct err *e)
{
	int number = 0;
	bool ok = value.len > 0 && value.len < 6;

	for (size_t i = 0; ok && i < value.len; i++) {
		ok = ascii_is_digit(value.p[i]);
		number = number * 10 + (value.p[i] - '0');
	}
	if (!ok || number < r->min || number > r->max)
		return err_set(e, ERR_USAGE,
			       "--%s is a whole number from %d to %d, not '%.*s'",
			       r->name, r->min, r->max, STR_ARG(value));
	return ERR_OK;
}

static enum err_code check_rate(const struct rule *r, struct str value, struct err *e)
{
	char *end;
	double rate = strtod(value.p, &end);

	/* SQLite reads no hexadecimal and no blanks, as strtod does. */
	if (value.len == 0 || strspn(value.p, "0123456789.eE+-") != value.len ||
	    end != value.p + value.len || !isfinite(rate) || rate < 0 || rate > r->max ||
	    (rate > 0 && rate < 0.001))
		return err_set(
			e, ERR_USAGE,
			"--%s is a number from 0.001 to %d (0: no limit), not '%.*s'",
			r->name, r->max, STR_ARG(value));
	return ERR_OK;
}

static enum err_code check_id(const struct rule *r, struct str value, struct err *e)
{
	bool ok = value.len >= (size_t)r->min && value.len <= (size_t)r->max;

	for (size_t i = 0; ok && i < value.len; i++) {
		char c = ascii_lower(value.p[i]);

		ok = (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '_' || c == '-';
	}
	if (!ok)
		return err_set(e, ERR_USAGE,
			       "--%s is the event source's id in Events Manager: up to "
			       "%d letters, "
			       "digits, '_' and '-'",
			       r->name, r->max);
	return ERR_OK;
}

static enum err_code check_text(const struct rule *r, struct str value, struct err *e)
{
	bool ok = value.len <= (size_t)r->max;

	for (size_t i = 0; ok && i < value.len; i++)
		ok = value.p[i] > ' ' && value.p[i] < 0x7f;
	if (!ok)
		return err_set(e, ERR_USAGE,
			       "--%s has up to %d printable characters without blanks",
			       r->name, r->max);
	return ERR_OK;
}

static enum err_code check_zone(const struct rule *r, struct str value, struct err *e)
{
	struct zone *zone;
	struct err why;

	(void)r;
	zone = zone_open(value.len > 0 && value.len < 100 ? value.p : "", &why);
	zone_free(zone);
	if (zone)
		return ERR_OK;
	return err_set(e, ERR_USAGE, "--timezone: %s", why.msg);
}

static enum err_code check_country(const struct rule *r, struct str value, struct err *e)
{
	char own[3];

	if (value.len > 0 && (value.len != 2 || !country_code(value, own)))
		return err_set(
			e, ERR_USAGE,
			"--%s is a country code of two letters such as DE, not '%.*s'",
			r->name, STR_ARG(value));
	return ERR_OK;
}

static enum err_code check_url(const struct rule *r, struct str value, struct err *e)
{
	if (value.len > 0 && !url_is_http(value))
		return err_set(e, ERR_USAGE, "--%s begins with https:// or http://",
			       r->name);
	return check_text(r, value, e);
}

#define KEEP(column) "UPDATE destination SET " column " = ?2 WHERE id = ?1"

static const struct rule rules[] = {
	{"source", check_word, "web|app|offline|crm", 0, 0, KEEP("source")},
	{"id", check_id, NULL, 0, 64, KEEP("pixel_id")},
	{"timezone", check_zone, NULL, 0, 0, KEEP("timezone")},
	{"pii", check_word, "hashed|none", 0, 0, KEEP("pii")},
	{"deliver", check_word, "all|attributed|only-won", 0, 0, KEEP("deliver")},
	{"model", check_word, "last_non_direct|first|last|linear|position|time_decay", 0,
	 0, KEEP("model")},
	{"click-window", check_whole, NULL, 0, 365, KEEP("click_window")},
	{"view-window", check_whole, NULL, 0, 365, KEEP("view_window")},
	{"default-country", check_country, NULL, 0, 0,
	 "UPDATE destination SET default_country = "
	 "replace(replace(upper(?2), 'UK', 'GB'), 'EL', 'GR') WHERE id = ?1"},
	{"default-url", check_url, NULL, 0, 2000, KEEP("default_url")},
	{"test-event-code", check_text, NULL, 0, 63, KEEP("test_event_code")},
	{"batch", check_whole, NULL, 1, 1000, KEEP("batch")},
	{"requests-per-second", check_rate, NULL, 0, 10000, KEEP("requests_per_second")},
	{"consent-strict", check_whole, NULL, 0, 1, KEEP("consent_strict")},
};

enum err_code destination_setting_check(const struct destination_setting *s,
					const char **sql, struct err *e)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i].name, s->name) != 0)
			continue;
		*sql = rules[i].sql;
		return rules[i].check(&rules[i], str_of(s->value), e);
	}
	return err_set(e, ERR_USAGE, "a destination has no setting '%s'", s->name);
}
