/* SPDX-License-Identifier: MIT
 *
 * The other end: one request without token or body, for its answer's form and Date. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/doctor.h"
#include "cmd/guard.h"
#include "net/perform.h"
#include "run/outlook.h"
#include "store/credential.h"
#include "store/health.h"

/* A path of TikTok's that is only read: without a token it says so, in its own form. Outside of
 * its API it answers as any web server does, and so it does where events are to be posted. */
#define ASKED "/open_api/v1.3/pixel/list/"

enum { TIMEOUT_MS = 5000, CLOCK_WARN_S = 30, CLOCK_WRONG_S = 240 };

static const char reach_advice[] =
	"look at DNS, the route and the firewall of this machine, and at CONVEY_ENDPOINT";
static const char stranger_advice[] =
	"somebody else answers: look at CONVEY_ENDPOINT, and at a proxy or a firewall on "
	"the way";
static const char trust_advice[] = "look at the clock, the package ca-certificates, and "
				   "any proxy in between (--ca-file)";
static const char token_advice[] =
	"make one in Events Manager, then: convey token set NAME < token.txt; or "
	"convey connect NAME";
#define OR_NOT_TIKTOK                                                                    \
	"where the last error has no code, a proxy or a firewall may have answered in "  \
	"TikTok's place: mend that, keep the token, then: convey destination resume "    \
	"NAME"
static const char refused_advice[] =
	"make one in Events Manager, then: convey token set NAME < token.txt; or "
	"convey connect NAME; " OR_NOT_TIKTOK;
static const char pixel_advice[] =
	"convey destination set NAME --id PIXEL, or convey connect NAME, which offers "
	"the account's";
static const char permission_advice[] =
	"the token's owner must be admin or operator of the pixel, or the id is "
	"another's: "
	"convey destination set NAME --id PIXEL; then: convey destination resume "
	"NAME; " OR_NOT_TIKTOK;
static const char clock_advice[] =
	"set the clock and run a time service: events from the future are rejected";

static void check_clock(struct doctor *d, int64_t server_ms, int64_t here_ms)
{
	int64_t ahead = (here_ms - server_ms) / 1000;

	doctor_tell(d, "clock",
		    llabs(ahead) > CLOCK_WRONG_S  ? WRONG
		    : llabs(ahead) > CLOCK_WARN_S ? WARN
						  : FINE,
		    clock_advice, "%lld s %s the endpoint's", (long long)llabs(ahead),
		    ahead < 0 ? "behind" : "ahead of");
}

/* Without the other end's time at least what cannot be is seen. */
static void guess_clock(struct doctor *d)
{
	bool behind = clock_wall_ms() < INT64_C(1751328000000); /* 2025-07-01 */

	doctor_tell(d, "clock", behind ? WRONG : FINE, clock_advice, "%s",
		    behind ? "before this program was written"
			   : "plausible; not compared with TikTok's");
}

static void judge(struct doctor *d, const struct http_request *r)
{
	const struct answer *a = &r->answer;

	if (a->transport == TRANSPORT_ANSWERED)
		doctor_tell(d, "endpoint", a->has_code ? FINE : WARN, stranger_advice,
			    "%s answers in %lld ms (HTTP %d%s)", d->endpoint,
			    (long long)r->took_ms, a->http_status,
			    a->has_code ? "" : ", not in TikTok's form");
	else
		doctor_tell(d, "endpoint", WRONG,
			    a->transport == TRANSPORT_TLS ? trust_advice : reach_advice,
			    "%s cannot be reached: %s", d->endpoint, r->error);
	/* The answer was written about halfway. */
	if (r->server_date_ms)
		check_clock(d, r->server_date_ms, clock_wall_ms() - r->took_ms / 2);
	else
		guess_clock(d);
}

static void check_endpoint(struct doctor *d)
{
	struct http_options options = {TIMEOUT_MS, cmd_value(d->cmd, "ca-file")};
	struct http_request request = {0};
	struct err e = {ERR_OK, ""};
	char url[ENDPOINT_MAX + sizeof(ASKED)];

	if (cmd_value(d->cmd, "offline")) {
		guess_clock(d);
		return;
	}
	snprintf(url, sizeof(url), "%s%s", d->endpoint, ASKED);
	request.url = url;
	if (perform(&request, &options, &e) != ERR_OK)
		doctor_failed(d, "endpoint", &e);
	else
		judge(d, &request);
}

/* When it was set and when it ends. */
static void describe(struct doctor *d, const struct vault *vault, const struct rows *r,
		     struct buf *out, bool *ended)
{
	int64_t now = clock_wall_ms(), set = rows_int(r, 2), expires = 0;
	struct err e = {ERR_OK, ""};

	buf_adds(out, STR("set "));
	outlook_age((set > now ? set - now : now - set) / 1000, out);
	buf_adds(out, set > now ? STR(" ahead of this clock") : STR(" ago"));
	*ended = false;
	if (!vault || credential_time(d->db, vault, (int32_t)rows_int(r, 0), "expires_at",
				      &expires, &e) != ERR_OK)
		return;
	*ended = expires && expires <= now;
	if (!expires) {
		buf_adds(out, STR(", does not expire"));
		return;
	}
	buf_adds(out, *ended ? STR(", expired ") : STR(", expires in "));
	outlook_age((*ended ? now - expires : expires - now) / 1000, out);
	buf_adds(out, *ended ? STR(" ago") : STR_NONE);
}

static void check_token(struct doctor *d, const struct vault *vault, const struct rows *r)
{
	struct str name = rows_text(r, 1), reason = rows_text(r, 3);
	bool permission = str_eq(reason, STR("permission")),
	     refused = permission || str_eq(reason, STR("token_refused"));
	struct buf text;
	bool ended;

	if (rows_text(r, 4).len == 0)
		doctor_tell(d, "pixel", WRONG, pixel_advice, "%.*s has none",
			    STR_ARG(name));
	if (rows_type(r, 2) == ROWS_NULL) {
		doctor_tell(d, "token", WRONG, token_advice, "%.*s has none",
			    STR_ARG(name));
		return;
	}
	buf_init(&text, 1000);
	describe(d, vault, r, &text, &ended);
	if (refused)
		buf_addf(&text, "; %.*s, last error: %.*s", STR_ARG(reason),
			 STR_ARG(rows_text(r, 5)));
	doctor_tell(d, "token", refused || ended ? WRONG : FINE,
		    permission ? permission_advice
		    : refused  ? refused_advice
			       : token_advice,
		    "%.*s: %s", STR_ARG(name), buf_z(&text));
	buf_fini(&text);
}

static void check_tokens(struct doctor *d)
{
	struct err e = {ERR_OK, ""};
	struct vault vault;
	bool key = vault_open(&vault, d->cmd->db_path, &e) == ERR_OK, row;
	struct rows rows;
	int count = 0;

	if (health_tokens(d->db, &rows, &e) != ERR_OK) {
		doctor_failed(d, "destinations", &e);
		return;
	}
	for (; rows_next(&rows, &row, &e) == ERR_OK && row; count++)
		check_token(d, key ? &vault : NULL, &rows);
	rows_close(&rows);
	if (key)
		vault_close(&vault);
	doctor_tell(d, "destinations", count ? FINE : WARN,
		    "convey destination add NAME --source web --id PIXEL", "%d", count);
}

void doctor_tiktok(struct doctor *d)
{
	check_endpoint(d);
	check_tokens(d);
}
