/* SPDX-License-Identifier: MIT */
#include "core/verdict.h"

/* TikTok's return codes, from the SDK's enum and the Events API's pages; a range holds
 * codes of one meaning. The first row that matches counts. */
static const struct {
	int from, to;
	enum verdict verdict;
} codes[] = {
	{0, 0, VERDICT_DELIVERED},
	{20001, 20001, VERDICT_UNKNOWN}, /* partial success, it does not say of what */
	{40001, 40001, VERDICT_PERMISSION},
	{40003, 40003, VERDICT_PERMISSION},
	{40006, 40009, VERDICT_STOPPED}, /* version, path, sandbox */
	{40013, 40013, VERDICT_STOPPED},
	{40016, 40016, VERDICT_THROTTLED},
	{40050, 40050, VERDICT_UNKNOWN}, /* duplicated request: it may have it */
	{40051, 40051, VERDICT_STOPPED},
	{40061, 40061, VERDICT_TOO_LARGE},
	{40063, 40063, VERDICT_STOPPED},
	{40100, 40100, VERDICT_THROTTLED},
	{40101, 40119, VERDICT_TOKEN},
	{40120, 40125, VERDICT_PERMISSION},
	{40130, 40131, VERDICT_PERMISSION},
	{40132, 40133, VERDICT_THROTTLED},
	{40200, 40202, VERDICT_RETRY},
	{40300, 40309, VERDICT_STOPPED},
	{40400, 40400, VERDICT_STOPPED},
	{41000, 41001, VERDICT_STOPPED},
	{40000, 49999, VERDICT_REFUSED}, /* every other 4xxxx */
	{61000, 61000, VERDICT_THROTTLED},
	{50000, 79999, VERDICT_RETRY},
};

static enum verdict of_code(int64_t code, int http_status)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (code < codes[i].from || code > codes[i].to)
			continue;
		if (codes[i].verdict == VERDICT_DELIVERED &&
		    (http_status < 200 || http_status > 299))
			return VERDICT_UNKNOWN;
		return codes[i].verdict;
	}
	return VERDICT_UNKNOWN;
}

/* For answers without a code: a gateway's page, an empty body, garbage. Most of the 4xx are
 * words of a proxy or a firewall about the request, whatever is in it; two are about the
 * content. */
static enum verdict of_status(int status)
{
	if (status >= 200 && status <= 299)
		return VERDICT_UNKNOWN;
	switch (status) {
	case 401: return VERDICT_TOKEN;
	case 403: return VERDICT_PERMISSION;
	case 400:
	case 422: return VERDICT_REFUSED;
	case 413: return VERDICT_TOO_LARGE;
	case 425:
	case 429: return VERDICT_THROTTLED;
	case 408: return VERDICT_RETRY;
	default: break;
	}
	return status >= 500 && status <= 599 ? VERDICT_RETRY : VERDICT_STOPPED;
}

enum verdict verdict_of(const struct answer *a)
{
	switch (a->transport) {
	case TRANSPORT_NOT_SENT: return VERDICT_NOT_SENT;
	case TRANSPORT_TLS: return VERDICT_TLS;
	case TRANSPORT_LOST: return VERDICT_UNKNOWN;
	case TRANSPORT_ANSWERED: break;
	}
	return a->has_code ? of_code(a->code, a->http_status) : of_status(a->http_status);
}

bool verdict_is_unsure(enum verdict v, const struct answer *a)
{
	return v == VERDICT_UNKNOWN ||
	       (v == VERDICT_RETRY && !a->has_code && a->http_status >= 500);
}

static const struct {
	const char *word;
	bool spends;
	enum reason reason;
} rules[] = {
#define X(name, word, spends, reason) {word, spends, REASON_##reason},
	VERDICTS(X)
#undef X
};

const char *verdict_word(enum verdict v)
{
	return rules[v].word;
}

bool verdict_spends(enum verdict v)
{
	return rules[v].spends;
}

enum reason verdict_reason(enum verdict v)
{
	return rules[v].reason;
}

enum reason verdict_waits_for(enum verdict v, const struct answer *a)
{
	return v == VERDICT_UNKNOWN && a->http_status ? REASON_SERVER_ERROR
						      : verdict_reason(v);
}

static int number_at(struct str s, size_t at)
{
	int value = 0;

	if (at >= s.len || !ascii_is_digit(s.p[at]))
		return -1;
	for (; at < s.len && ascii_is_digit(s.p[at]); at++) {
		if (value > 100000)
			return -1;
		value = value * 10 + (s.p[at] - '0');
	}
	return value;
}

int verdict_named(struct str message, int events)
{
	static const char *const marks[] = {"data[", "data.", "Batch.", "index "};

	for (size_t m = 0; m < sizeof(marks) / sizeof(marks[0]); m++) {
		struct str mark = str_of(marks[m]);

		for (size_t at = 0; at + mark.len < message.len; at++) {
			int index;

			if (memcmp(message.p + at, mark.p, mark.len) != 0)
				continue;
			index = number_at(message, at + mark.len);
			if (index >= 0 && index < events)
				return index;
		}
	}
	return -1;
}
