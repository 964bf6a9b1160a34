/* SPDX-License-Identifier: MIT */

#include "check.h"
#include "core/consent.h"

static bool is_signal(unsigned char s)
{
	return s == SIGNAL_UNSPECIFIED || s == SIGNAL_GRANTED || s == SIGNAL_DENIED;
}

static bool holds(struct str s, const char *any)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '\0' && strchr(any, s.p[i]) != NULL)
			return true;
	return false;
}

/* Never GRANTED but by a word or a letter that says so. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);
	struct consent c = {0};
	enum signal word = consent_signal(s);

	CHECK(word != SIGNAL_GRANTED || (size >= 7 && holds(s, "gG")));
	if (!consent_from_gcd(s, &c) && !consent_from_gcs(s, &c)) {
		CHECK(!c.stated && !c.ad_user_data && !c.ad_storage);
		return 0;
	}
	CHECK(c.stated && is_signal(c.ad_user_data) && is_signal(c.ad_storage) &&
	      is_signal(c.ad_personalization) && is_signal(c.analytics_storage));
	CHECK(c.ad_user_data != SIGNAL_GRANTED || holds(s, "nrtv"));
	return 0;
}
