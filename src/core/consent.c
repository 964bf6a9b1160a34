/* SPDX-License-Identifier: MIT */
#include "core/consent.h"

/* Google writes about 15 bytes; what is longer is something else. */
#define GCD_MAX 64

enum signal consent_signal(struct str word)
{
	if (str_eq(word, STR("GRANTED"))) /* what most say */
		return SIGNAL_GRANTED;
	word = str_trim(word);
	if (word.len == 0 || str_ieq(word, STR("unspecified")))
		return SIGNAL_UNSPECIFIED;
	return str_ieq(word, STR("granted")) ? SIGNAL_GRANTED : SIGNAL_DENIED;
}

const char *consent_signal_word(enum signal signal)
{
	switch (signal) {
	case SIGNAL_UNSPECIFIED: return "unspecified";
	case SIGNAL_GRANTED: return "granted";
	case SIGNAL_DENIED: return "denied";
	}
	return "denied";
}

/* A letter of gcd tells the default and the update that followed it. */
static enum signal gcd_signal(char letter)
{
	switch (letter) {
	case 'l': return SIGNAL_UNSPECIFIED; /* neither */
	case 'n':                            /* granted by update */
	case 'r':                            /* denied by default, granted by update */
	case 't':                            /* granted by default */
	case 'v': return SIGNAL_GRANTED;     /* granted by both */
	default: return SIGNAL_DENIED;
	}
}

/* What no signal says: a digit, and since 2024 a capital letter too (13l3lPl2l1). */
static bool is_separator(char c)
{
	return ascii_is_digit(c) || (c >= 'A' && c <= 'Z');
}

/* "1", a digit, then four times a letter and a separator that is some other setting, then
 * a tail that grows from year to year. */
bool consent_from_gcd(struct str gcd, struct consent *out)
{
	enum signal s[4];

	gcd = str_trim(gcd);
	if (gcd.len < 10 || gcd.len > GCD_MAX || gcd.p[0] != '1' ||
	    !ascii_is_digit(gcd.p[1]))
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (!ascii_is_letter(gcd.p[2 + 2 * i]) || !is_separator(gcd.p[3 + 2 * i]))
			return false;
		s[i] = gcd_signal(gcd.p[2 + 2 * i]);
	}
	for (size_t i = 10; i < gcd.len; i++)
		if (!ascii_is_letter(gcd.p[i]) && !ascii_is_digit(gcd.p[i]))
			return false;
	*out = (struct consent){.ad_storage = (unsigned char)s[0],
				.analytics_storage = (unsigned char)s[1],
				.ad_user_data = (unsigned char)s[2],
				.ad_personalization = (unsigned char)s[3],
				.stated = true};
	return true;
}

static bool gcs_signal(char c, unsigned char *out)
{
	if (c != '0' && c != '1' && c != '-')
		return false;
	*out = c == '1' ? SIGNAL_GRANTED : c == '0' ? SIGNAL_DENIED : SIGNAL_UNSPECIFIED;
	return true;
}

bool consent_from_gcs(struct str gcs, struct consent *out)
{
	struct consent c = {.stated = true};

	gcs = str_trim(gcs);
	if (gcs.len != 4 || !str_starts(gcs, STR("G1")) ||
	    !gcs_signal(gcs.p[2], &c.ad_storage) ||
	    !gcs_signal(gcs.p[3], &c.analytics_storage))
		return false;
	*out = c;
	return true;
}

bool consent_grants(const struct consent *c)
{
	return c->ad_user_data == SIGNAL_GRANTED ||
	       c->ad_personalization == SIGNAL_GRANTED ||
	       c->ad_storage == SIGNAL_GRANTED || c->analytics_storage == SIGNAL_GRANTED;
}

static void fill(unsigned char *signal, unsigned char by)
{
	if (*signal == SIGNAL_UNSPECIFIED)
		*signal = by;
}

void consent_complete(struct consent *c, const struct consent *by)
{
	fill(&c->ad_user_data, by->ad_user_data);
	fill(&c->ad_personalization, by->ad_personalization);
	fill(&c->ad_storage, by->ad_storage);
	fill(&c->analytics_storage, by->analytics_storage);
	c->stated |= by->stated;
}

static bool deny(unsigned char *signal, unsigned char by)
{
	if (by == SIGNAL_DENIED)
		*signal = SIGNAL_DENIED;
	return by == SIGNAL_DENIED;
}

void consent_deny(struct consent *c, const struct consent *by)
{
	c->stated |= deny(&c->ad_user_data, by->ad_user_data);
	c->stated |= deny(&c->ad_personalization, by->ad_personalization);
	c->stated |= deny(&c->ad_storage, by->ad_storage);
	c->stated |= deny(&c->analytics_storage, by->analytics_storage);
}
