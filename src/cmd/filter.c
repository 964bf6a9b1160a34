/* SPDX-License-Identifier: MIT */
#include "cmd/filter.h"

#include "base/nearest.h"

static const char *const statuses[] = {
#define X(name, number, word) word,
	STATUSES(X)
#undef X
		NULL,
};

static const char *const reasons[] = {
#define X(name, status, number, word) word,
	REASONS(X)
#undef X
		NULL,
};

static enum err_code unknown(const char *what, const char *word, const char *const *words,
			     struct err *e)
{
	struct nearest near;

	nearest_init(&near, str_of(word));
	nearest_offer_all(&near, words);
	return err_set(e, ERR_USAGE, "there is no %s '%.60s'%s", what, word,
		       nearest_word(&near)[0] ? nearest_hint(&near)
					      : "; see: convey list -h");
}

enum err_code filter_read(const struct cmd *c, int *status, int *reason, struct err *e)
{
	const char *s = cmd_value(c, "status"), *r = cmd_value(c, "reason");
	enum status as_status;
	enum reason as_reason;

	*status = *reason = 0;
	if (s) {
		if (!status_of_word(str_of(s), &as_status))
			return unknown("status", s, statuses, e);
		*status = (int)as_status;
	}
	if (r) {
		if (!reason_of_word(str_of(r), &as_reason))
			return unknown("reason", r, reasons, e);
		*reason = (int)as_reason;
	}
	/* Why rows wait is said of pending and of retrying ones with the same words. */
	if (s && r && *reason / 16 != *status &&
	    !(*reason / 16 == STATUS_PENDING && *status == STATUS_RETRYING))
		return err_set(e, ERR_USAGE, "%s is a reason of %s rows, not of %s ones",
			       r, status_word((enum status)(*reason / 16)), s);
	return ERR_OK;
}
