/* SPDX-License-Identifier: MIT */
#include "run/site.h"

#include <string.h>

#include "core/backoff.h"

enum {
	PERSON_PROBE_MS = 15 * 60 * 1000, /* token, permission */
	THROTTLE_MAX_MS = 60 * 60 * 1000, /* at a start: of what TikTok had said */
	FAULT_CAP_MS = 30 * 1000, /* network, TLS, circuit: a passing fault ends soon */
	THROTTLE_CAP_MS = 5 * 60 * 1000,
	CIRCUIT_BASES = 15, /* the probe of an open circuit, in retry bases */
};

static int slots_of(const struct site *s)
{
	return s->state == SITE_PROBING || s->unproven ? 1 : SITE_SLOTS;
}

bool site_may_send(const struct site *s, uint64_t now_ms)
{
	if (s->paused || !s->has_token || s->state == SITE_BLOCKED ||
	    now_ms < s->next_start_ms)
		return false;
	return s->under_way < slots_of(s);
}

bool site_may_open(const struct site *s, uint64_t now_ms)
{
	int opening = s->opening + (s->reading_due ? 1 : 0);

	if (opening == 0)
		return site_may_send(s, now_ms);
	return site_may_send(s, now_ms) && s->requests_per_second == 0 &&
	       s->under_way + opening < slots_of(s);
}

int site_batch(const struct site *s)
{
	if (s->state == SITE_PROBING && s->reason == REASON_CIRCUIT_OPEN)
		return 1;
	return s->ceiling && s->ceiling < s->batch ? s->ceiling : s->batch;
}

/* A slow link, or what resets large requests. It grows slower than it shrinks, as to find the
 * limit again costs a timeout. */
void site_learn_size(struct site *s, enum verdict verdict, int events, bool cut_short)
{
	int most = site_batch(s);

	if (verdict == VERDICT_NOT_SENT && cut_short && events <= most)
		s->ceiling = events > 1 ? events / 2 : 1;
	else if (verdict == VERDICT_DELIVERED && s->ceiling && events > most / 2)
		s->ceiling += s->ceiling / 16 + 1;
	if (s->ceiling >= s->batch)
		s->ceiling = 0;
}

void site_wake(struct site *s, uint64_t now_ms)
{
	if (s->state == SITE_BLOCKED && s->until_ms != SITE_FOREVER &&
	    now_ms >= s->until_ms)
		s->state = SITE_PROBING;
}

static void block(struct site *s, enum reason reason, uint64_t until_ms, uint64_t now_ms)
{
	if (s->state == SITE_OPEN) {
		s->blocked_ms = now_ms;
		s->parked = 0;
	}
	s->changed = s->error_stored = true;
	s->state = SITE_BLOCKED;
	s->reason = reason;
	s->until_ms = until_ms;
}

static void open_again(struct site *s)
{
	s->changed = s->changed || s->state != SITE_OPEN || s->error_stored;
	s->error_stored = false;
	s->state = SITE_OPEN;
	s->reason = REASON_NONE;
	s->failures = 0;
	s->last_error[0] = '\0';
}

/* How long a fault of the destination's keeps it waiting; 0: it goes on. */
static int64_t pause_of(const struct site *s, const struct site_limits *l, enum verdict v,
			uint64_t random)
{
	int64_t cap = l->retry_cap_ms < FAULT_CAP_MS ? l->retry_cap_ms : FAULT_CAP_MS;
	int64_t circuit = l->retry_base_ms * CIRCUIT_BASES;

	switch (v) {
	case VERDICT_TOKEN:
	case VERDICT_PERMISSION: return PERSON_PROBE_MS;
	/* A wrong endpoint, or a gateway that is being deployed. */
	case VERDICT_STOPPED:
		return backoff_ms(s->failures, l->retry_base_ms, l->retry_cap_ms, random);
	case VERDICT_THROTTLED:
		return backoff_ms(s->failures, l->retry_base_ms,
				  l->retry_cap_ms < THROTTLE_CAP_MS ? l->retry_cap_ms
								    : THROTTLE_CAP_MS,
				  random);
	case VERDICT_NOT_SENT:
	case VERDICT_TLS: return backoff_ms(s->failures, l->retry_base_ms, cap, random);
	case VERDICT_RETRY:
	case VERDICT_UNKNOWN:
		return s->failures >= CIRCUIT_FAILURES || s->state == SITE_PROBING
			       ? (circuit < FAULT_CAP_MS ? circuit : FAULT_CAP_MS)
			       : 0;
	case VERDICT_DELIVERED:
	case VERDICT_REFUSED:
	case VERDICT_TOO_LARGE: return 0;
	}
	return 0;
}

static bool is_fault(enum verdict v)
{
	return v != VERDICT_DELIVERED && v != VERDICT_REFUSED && v != VERDICT_TOO_LARGE;
}

static bool is_persons(enum reason reason)
{
	return reason == REASON_TOKEN_REFUSED || reason == REASON_PERMISSION;
}

/* What was under way when it was blocked may fail in another way: whoever asks for the longest
 * pause has it, and what a person must mend is told, however long the others ask for. */
static void block_as_well(struct site *s, enum reason reason, uint64_t until_ms,
			  uint64_t now_ms)
{
	bool longer = until_ms > s->until_ms;

	if (!is_persons(reason) && (!longer || is_persons(s->reason)))
		reason = s->reason;
	block(s, reason, longer ? until_ms : s->until_ms, now_ms);
}

bool site_is_outdated(const struct site *s, enum verdict v, uint64_t started_ms)
{
	return is_persons(verdict_reason(v)) &&
	       (!s->has_token || started_ms <= s->renewed_ms);
}

void site_judge(struct site *s, const struct site_limits *limits, enum verdict verdict,
		int64_t retry_after_ms, uint64_t started_ms, uint64_t now_ms,
		uint64_t random)
{
	enum reason reason = verdict_reason(verdict);
	int64_t pause, told;

	if (site_is_outdated(s, verdict, started_ms))
		return;
	/* Others would fail as it did: one more is one too many. */
	s->unproven = s->unproven && (is_persons(reason) || verdict == VERDICT_NOT_SENT ||
				      verdict == VERDICT_TLS);
	if (!is_fault(verdict)) {
		/* An answer to a request from before the fault says nothing about now. */
		if (s->state == SITE_OPEN || started_ms > s->blocked_ms)
			open_again(s);
		return;
	}
	s->failures++;
	pause = pause_of(s, limits, verdict, random);
	told = verdict == VERDICT_THROTTLED && pause > retry_after_ms ? pause
								      : retry_after_ms;
	if (told > pause)
		pause = told;
	if (pause == 0) {
		s->changed = s->changed || !s->error_stored;
		s->error_stored = true;
		return;
	}
	/* Requests that were under way together fail together: one pause, not eight. */
	if (s->state == SITE_BLOCKED && started_ms <= s->blocked_ms &&
	    reason == s->reason && retry_after_ms == 0)
		return;
	if (told > 0 && now_ms + (uint64_t)told > s->told_ms)
		s->told_ms = now_ms + (uint64_t)told;
	/* Whatever the status: who says how long asks for quiet, and the next relay keeps it. */
	if (retry_after_ms > 0 && !is_persons(reason))
		reason = REASON_RATE_LIMITED;
	else if (verdict == VERDICT_RETRY || verdict == VERDICT_UNKNOWN)
		reason = REASON_CIRCUIT_OPEN;
	if (s->state == SITE_BLOCKED) {
		block_as_well(s, reason, now_ms + (uint64_t)pause, now_ms);
		return;
	}
	if (s->state == SITE_PROBING)
		s->blocked_ms = now_ms;
	block(s, reason, now_ms + (uint64_t)pause, now_ms);
}

void site_resume(struct site *s, enum reason reason, int64_t wait_ms, uint64_t now_ms)
{
	int64_t longest;

	if (s->state != SITE_OPEN || !s->has_token ||
	    (!is_persons(reason) && reason != REASON_RATE_LIMITED))
		return;
	/* The clock may have been set since: never longer than a probe is away, or an hour. */
	longest = is_persons(reason) ? PERSON_PROBE_MS : THROTTLE_MAX_MS;
	if (wait_ms > longest)
		wait_ms = longest;
	s->state = wait_ms > 0 ? SITE_BLOCKED : SITE_PROBING;
	s->reason = s->logged = reason;
	s->blocked_ms = now_ms;
	s->until_ms = now_ms + (wait_ms > 0 ? (uint64_t)wait_ms : 0);
	if (!is_persons(reason))
		s->told_ms = s->until_ms;
}

void site_try_again(struct site *s, uint64_t now_ms)
{
	if (s->reason != REASON_NEEDS_TOKEN && !is_persons(s->reason))
		return;
	if (!s->has_token || s->told_ms <= now_ms) {
		site_go_on(s, now_ms);
		return;
	}
	s->unproven = true;
	s->renewed_ms = now_ms;
	block(s, REASON_RATE_LIMITED, s->told_ms, now_ms);
}

void site_cleared(struct site *s, uint64_t now_ms)
{
	if (s->stored == REASON_NEEDS_TOKEN || is_persons(s->stored))
		site_try_again(s, now_ms);
	else
		site_go_on(s, now_ms);
}

void site_go_on(struct site *s, uint64_t now_ms)
{
	if (!s->has_token || s->state == SITE_OPEN)
		return;
	s->unproven = true;
	s->renewed_ms = now_ms;
	s->told_ms = 0;
	open_again(s);
}

bool site_wants_renewal(struct site *s, uint64_t now_ms)
{
	if (s->renewal_asked ||
	    (s->renewal_ms && now_ms - s->renewal_ms < PERSON_PROBE_MS))
		return false;
	s->renewal_asked = s->renewal_due = true;
	s->renewal_ms = now_ms;
	return true;
}

void site_set_token(struct site *s, const struct secret *token, uint64_t now_ms)
{
	bool known = s->has_token && token && s->token.len == token->len &&
		     CRYPTO_memcmp(s->token.bytes, token->bytes, token->len) == 0;

	if (known || (!token && !s->has_token && s->reason == REASON_NEEDS_TOKEN))
		return;
	if (s->has_token) {
		secret_fini(&s->token);
		s->renewed_ms = now_ms;
	}
	s->has_token = token != NULL;
	s->unproven = true;
	s->renewal_asked = s->renewal_due = false;
	if (!token) {
		block(s, REASON_NEEDS_TOKEN, SITE_FOREVER, now_ms);
		return;
	}
	s->token = *token;
	site_try_again(s, now_ms);
}

void site_fini(struct site *s)
{
	secret_fini(&s->token);
}
