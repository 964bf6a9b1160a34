/* SPDX-License-Identifier: MIT */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>

static bool is_loopback(struct str host)
{
	char text[64];
	struct in_addr v4;

	snprintf(text, sizeof(text), "%.*s", STR_ARG(host));
	if (host.len < sizeof(text) && inet_pton(AF_INET, text, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return str_eq(host, STR("[::1]")); /* a name may lead anywhere */
}

static bool is_alnum(char c)
{
	return ascii_is_digit(c) || ascii_is_letter(c);
}

/* tiktok.com or a name below it: labels of letters, digits and inner hyphens. */
static bool is_tiktoks(struct str host)
{
	const struct str top = STR("tiktok.com");
	size_t below = host.len - top.len;

	if (host.len < top.len || !str_ieq(str_make(host.p + below, top.len), top) ||
	    (below > 0 && host.p[below - 1] != '.'))
		return false;
	for (size_t i = 0; i < below; i++)
		if (!is_alnum(host.p[i]) &&
		    ((host.p[i] != '.' && host.p[i] != '-') || i == 0 ||
		     !is_alnum(host.p[i + 1]) || !is_alnum(host.p[i - 1])))
			return false;
	return true;
}

/* Empty, or ":" and a number from 1 to 65535. */
static bool is_port(struct str text)
{
	long port = 0;

	if (text.len == 0)
		return true;
	if (text.p[0] != ':' || text.len < 2 || text.len > 6)
		return false;
	for (size_t i = 1; i < text.len; i++) {
		if (!ascii_is_digit(text.p[i]))
			return false;
		port = port * 10 + (text.p[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

static bool is_path(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.p[i]) && !strchr("/-_.~", text.p[i]))
			return false;
	return !memmem(text.p, text.len, "..", 2);
}

bool endpoint_allowed(struct str url)
{
	bool tls = str_starts(url, STR("https://"));
	size_t at = tls ? 8 : 7, end, host_end;
	struct str host;

	if (!tls && !str_starts(url, STR("http://")))
		return false;
	for (end = at; end < url.len && url.p[end] != '/';)
		end++;
	host_end = at;
	if (at < end && url.p[at] == '[')
		while (host_end < end && url.p[host_end] != ']')
			host_end++;
	while (host_end < end && url.p[host_end] != ':')
		host_end++;
	host = str_make(url.p + at, host_end - at);
	return (is_loopback(host) ||
		(tls && (is_tiktoks(host) || str_eq(host, STR("localhost"))))) &&
	       is_port(str_make(url.p + host_end, end - host_end)) &&
	       is_path(str_make(url.p + end, url.len - end));
}
