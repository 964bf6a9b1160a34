/* SPDX-License-Identifier: MIT */
#include "run/envelope.h"

void envelope_open(struct buf *out, enum event_source source, const char *pixel_id,
		   const char *test_event_code)
{
	buf_addf(out, "{\"event_source\":\"%s\",\"event_source_id\":\"",
		 source_word(source));
	buf_add_json(out, str_of(pixel_id));
	if (test_event_code[0]) {
		buf_adds(out, STR("\",\"test_event_code\":\""));
		buf_add_json(out, str_of(test_event_code));
	}
	buf_adds(out, STR("\",\"data\":["));
}

void envelope_close(struct buf *out)
{
	buf_adds(out, STR("]}"));
}
