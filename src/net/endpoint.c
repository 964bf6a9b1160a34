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

bool endpoint_allowed(struct str url)
{
	size_t from, to;

	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == '@' ||
		    url.p[i] == '\\' || url.p[i] == '#' || url.p[i] == '?')
			return false;
	if (str_starts(url, STR("https://")))
		return url.len > 8 && url.p[8] != '/' && url.p[8] != ':';
	if (!str_starts(url, STR("http://")))
		return false;
	from = to = 7;
	if (to < url.len && url.p[to] == '[')
		while (to < url.len && url.p[to] != ']')
			to++;
	while (to < url.len && url.p[to] != ':' && url.p[to] != '/')
		to++;
	return is_loopback(str_make(url.p + from, to - from));
}
