/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct fault_name {
	const char *name;
	enum fault_kind kind;
	int code, status;
	bool applied;
	int64_t ms;
	const char *what;
} names[] = {
	{"40100", FAULT_CODE, 40100, 200, .what = "too many requests"},
	{"40100-401", FAULT_CODE, 40100, 401, .what = "the same with HTTP 401"},
	{"40001", FAULT_CODE, 40001, 400, .what = "no permission"},
	{"40002", FAULT_CODE, 40002, 400, .what = "a parameter is wrong"},
	{"40104", FAULT_CODE, 40104, 401, .what = "no access token"},
	{"40105", FAULT_CODE, 40105, 401, .what = "wrong or revoked token"},
	{"20001", FAULT_CODE, 20001, 200, .what = "partly done, failed items in data"},
	{"40133", FAULT_CODE, 40133, 200, .what = "advertiser throttled"},
	{"50000", FAULT_CODE, 50000, 200, .what = "system error"},
	{"50002", FAULT_CODE, 50002, 200, .what = "system timeout"},
	{"60001", FAULT_CODE, 60001, 200, .what = "maintenance"},
	{"html-502", FAULT_HTML, 0, 502, .what = "a gateway's page (any html-STATUS)"},
	{"http-429", FAULT_TEXT, 0, 429, .what = "a bare status (any http-STATUS)"},
	{"garbage", FAULT_GARBAGE, 0, 200, .what = "bytes that are no JSON"},
	{"empty", FAULT_EMPTY, 0, 200, .what = "no body"},
	{"wrong-type", FAULT_WRONG_TYPE, 0, 200, .what = "code as a string"},
	{"huge", FAULT_HUGE, 0, 200, .what = "50 MB of JSON without a code"},
	{"deep", FAULT_DEEP, 0, 200, .what = "JSON nested 100000 deep"},
	{"gzip-bomb", FAULT_GZIP_BOMB, 0, 200, .what = "1 MB that unpacks to 160 MB"},
	{"code0-502", FAULT_CODE, 0, 502, .what = "code 0 with HTTP 502"},
	{"reset-before", FAULT_RESET_BEFORE, .what = "reset before the body is read"},
	{"reset-within", FAULT_RESET_WITHIN, .what = "reset after half the body"},
	{"reset-after", FAULT_RESET_AFTER, .applied = true,
	 .what = "events stored, then reset"},
	{"cut-answer", FAULT_CUT_ANSWER, 0, 200, true,
	 .what = "events stored, half an answer, reset"},
	{"slow", FAULT_SLOW, 0, 200, true, 5000, "the answer comes ms= later"},
	{"hang", FAULT_HANG, .what = "no answer ever"},
	{"trickle", FAULT_TRICKLE, 0, 200, true, 100, "a byte of answer every ms="},
	{"endless-headers", FAULT_ENDLESS_HEADERS, 0, 200,
	 .what = "headers without end (not with --tls)"},
	{"1xx", FAULT_INFORMATIONAL, 0, 0,
	 .what = "a flood of 100 and 103 (not with --tls)"},
	{"poison", FAULT_POISON, 40002, 400,
	 .what = "an event with id=GLOB or value=N is refused, not named"},
	{"poison-named", FAULT_POISON_NAMED, 40002, 400, .what = "the same, named"},
	{"poison-misnamed", FAULT_POISON_MISNAMED, 40002, 400,
	 .what = "the same, the first named whichever it is"},
};

static bool parse_u64(const char *text, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool parse_int(const char *text, int least, int most, int *out)
{
	uint64_t value;

	if (!parse_u64(text, &value) || value < (uint64_t)least || value > (uint64_t)most)
		return false;
	*out = (int)value;
	return true;
}

static bool parse_double(const char *text, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	return errno == 0 && end != text && *end == '\0';
}

/* 30s, 500ms, 2m; a number alone is seconds. */
static bool parse_duration(const char *text, int64_t *out_ms)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}};
	char *end;
	double number = strtod(text, &end);

	if (end == text || !(number >= 0 && number < 1e9))
		return false;
	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			*out_ms = (int64_t)(number * units[i].ms);
			return true;
		}
	}
	return false;
}

/* 3 or 3-7. */
static bool parse_nth(char *text, struct fault *f)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (!parse_u64(text, &f->nth_from) || f->nth_from == 0)
		return false;
	f->nth_to = f->nth_from;
	return !dash || (parse_u64(dash + 1, &f->nth_to) && f->nth_to >= f->nth_from);
}

static bool copy_text(char *to, size_t room, const char *text)
{
	return *text && (size_t)snprintf(to, room, "%s", text) < room;
}

static bool set_key(struct fault *f, const char *key, char *value)
{
	int64_t ms;
	uint64_t number;

	if (strcmp(key, "nth") == 0)
		return parse_nth(value, f);
	if (strcmp(key, "every") == 0)
		return parse_u64(value, &f->every) && f->every > 0;
	if (strcmp(key, "count") == 0)
		return parse_u64(value, &f->count) && f->count > 0;
	if (strcmp(key, "share") == 0)
		return parse_double(value, &f->share) && f->share >= 0 && f->share <= 1;
	if (strcmp(key, "for") == 0 && parse_duration(value, &ms)) {
		f->until_ms = ms;
		return true;
	}
	if (strcmp(key, "after") == 0)
		return parse_duration(value, &f->after_ms);
	if (strcmp(key, "ms") == 0 && parse_u64(value, &number) && number <= 86400000) {
		f->ms = (int64_t)number;
		return true;
	}
	if (strcmp(key, "status") == 0)
		return parse_int(value, 200, 599, &f->status);
	if (strcmp(key, "retry_after") == 0)
		return parse_int(value, 0, 86400, &f->retry_after_s);
	if (strcmp(key, "source_id") == 0)
		return copy_text(f->source_id, sizeof(f->source_id), value);
	if (strcmp(key, "id") == 0)
		return copy_text(f->id, sizeof(f->id), value);
	if (strcmp(key, "value") == 0)
		return f->has_value = parse_double(value, &f->value);
	return false;
}

static bool set_name(struct fault *f, const char *name)
{
	if (!copy_text(f->name, sizeof(f->name), name))
		return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(name, names[i].name) != 0)
			continue;
		f->kind = names[i].kind;
		f->code = names[i].code;
		f->status = names[i].status;
		f->applied = names[i].applied;
		f->ms = names[i].ms;
		return true;
	}
	f->kind = strncmp(name, "html-", 5) == 0 ? FAULT_HTML : FAULT_TEXT;
	if (f->kind == FAULT_HTML || strncmp(name, "http-", 5) == 0)
		return parse_int(name + 5, 200, 599, &f->status);
	f->kind = FAULT_CODE;
	f->status = 200;
	return parse_int(name, 1, 999999, &f->code);
}

enum fault_phase fault_phase_of(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_RESET_BEFORE:
	case FAULT_RESET_WITHIN: return FAULT_EARLY;
	case FAULT_POISON:
	case FAULT_POISON_NAMED:
	case FAULT_POISON_MISNAMED: return FAULT_DATA;
	default: return FAULT_LATE;
	}
}

static enum err_code check_rule(const struct fault *f, const char *spec, struct err *e)
{
	enum fault_phase phase = fault_phase_of(f->kind);

	if (phase == FAULT_DATA && !*f->id && !f->has_value)
		return err_set(e, ERR_USAGE, "fault '%s': wants id=GLOB or value=N",
			       spec);
	if (phase == FAULT_EARLY && *f->source_id)
		return err_set(e, ERR_USAGE,
			       "fault '%s': source_id stands in the body, which %s does "
			       "not read",
			       spec, f->name);
	return ERR_OK;
}

static enum err_code parse_keys(struct fault *f, char *keys, const char *spec,
				struct err *e)
{
	char *rest = keys, *key;

	while ((key = strsep(&rest, ","))) {
		char *value = strchr(key, '=');

		if (value)
			*value++ = '\0';
		if (!value || !set_key(f, key, value))
			return err_set(
				e, ERR_USAGE,
				"fault '%s': '%s' is no key, or its value is wrong", spec,
				key);
	}
	return ERR_OK;
}

enum err_code fault_parse(const char *spec, struct fault *f, struct err *e)
{
	char text[512];
	char *keys;

	*f = (struct fault){.retry_after_s = -1, .share = 1, .until_ms = -1};
	if (!copy_text(text, sizeof(text), spec))
		return err_set(e, ERR_USAGE, "a fault is empty or too long");
	keys = strchr(text, ':');
	if (keys)
		*keys++ = '\0';
	if (!set_name(f, text))
		return err_set(e, ERR_USAGE, "fault '%s': '%s' is no fault; see -h", spec,
			       text);
	if (keys && parse_keys(f, keys, spec, e))
		return e->code;
	return check_rule(f, spec, e);
}

bool fault_is_raw(enum fault_kind kind)
{
	return kind == FAULT_ENDLESS_HEADERS || kind == FAULT_INFORMATIONAL;
}

void fault_print_names(FILE *to)
{
	for (size_t i = 0; i < COUNT(names); i++)
		fprintf(to, "  %-16s %s\n", names[i].name, names[i].what);
}
