/* SPDX-License-Identifier: MIT */
#include "net/reply.h"

#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>

struct MHD_Response *reply_new(struct str body, const char *type, const char *policy)
{
	static const char *const always[][2] = {
		{"Cache-Control", "no-store"},
		{"Referrer-Policy", "same-origin"}, /* no-referrer makes Origin "null" */
		{"X-Content-Type-Options", "nosniff"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Connection", "close"},
	};
	struct MHD_Response *r = MHD_create_response_from_buffer(
		body.len, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);

	if (!r)
		abort();
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Content-Security-Policy", policy);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		MHD_add_response_header(r, always[i][0], always[i][1]);
	return r;
}
