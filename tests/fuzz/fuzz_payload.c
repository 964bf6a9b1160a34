/* SPDX-License-Identifier: MIT
 * Any bytes as a payload, against jansson as the oracle: json_scan and jansson agree on
 * what is JSON, and what shape makes parses and holds nothing empty.
 *
 * They may differ in three ways: jansson has no bound of 64 levels or 2^17 tokens, it
 * refuses numbers that its integer or double cannot hold, and it takes a NUL behind the
 * value for the end of the text. */

#include <jansson.h>

#include "check.h"
#include "core/event_id.h"
#include "core/redact.h"
#include "core/shape.h"

static struct scratch scratch;
static struct digest digest;
static struct event_map *map;
static struct buf out, redacted;

static void set_up(void)
{
	struct event_map_row row = {STR("e"), 0, STR("E"), 1};

	if (map)
		return;
	map = event_map_new(&row, 1);
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&out, 16 << 20);
	buf_init(&redacted, 16 << 20);
}

static void check_full(const json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;

	CHECK(!json_is_null(value));
	CHECK(!json_is_string(value) || json_string_length(value) > 0);
	CHECK(!json_is_array(value) || json_array_size(value) > 0);
	CHECK(!json_is_object(value) || json_object_size(value) > 0);
	json_object_foreach((json_t *)(uintptr_t)value, key, item) check_full(item);
	json_array_foreach(value, i, item) check_full(item);
}

static bool is_number_trouble(const json_error_t *error)
{
	return json_error_code(error) == json_error_numeric_overflow;
}

static void compare_readers(struct str text)
{
	json_error_t error;
	json_t *theirs = json_loadb(text.p, text.len, JSON_DECODE_ANY, &error);
	enum json_verdict ours = json_scan(&scratch.json, text);

	if (memchr(text.p, '\0', text.len))
		CHECK(ours != JSON_OK);
	else if (theirs)
		CHECK(ours == JSON_OK || ours == JSON_TOO_DEEP || ours == JSON_TOO_MANY);
	else
		CHECK(ours != JSON_OK || is_number_trouble(&error));
	json_decref(theirs);
}

static void check_shape(const struct conversion *c, enum event_source source,
			struct str event_id)
{
	struct destination_rules d = {.id = 1,
				      .source = source,
				      .pii_hashed = true,
				      .default_url = "https://shop.example/"};
	struct decision dec;
	json_error_t error;
	json_t *item;

	decide(c, &d, map, NULL, c->row->created_ms, &dec);
	if (!dec.event)
		return;
	dec.pii = true;
	buf_clear(&out);
	if (shape(c, &dec, &d, NULL, event_id, &digest, &scratch, &out) != REASON_NONE) {
		CHECK(out.len == 0);
		return;
	}
	item = json_loadb(out.p, out.len, 0, &error);
	CHECK(item || is_number_trouble(&error));
	if (item)
		check_full(item);
	json_decref(item);
}

/* What is redacted stays as it is; what cannot be read is no JSON of ours. Whether there was
 * anything. */
static bool check_redaction(struct str payload)
{
	switch (redact_payload(payload, "DE", &scratch, &digest, &redacted)) {
	case REDACT_UNREADABLE:
		CHECK(json_scan(&scratch.json, payload) != JSON_OK ||
		      scratch.json.t[0].type != TOKEN_OBJECT);
		return false;
	case REDACT_NOTHING: return false;
	case REDACT_DONE:
		CHECK(redact_payload(buf_str(&redacted), "DE", &scratch, &digest, &out) ==
		      REDACT_NOTHING);
		return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct outbox_row row = {.created_ms = INT64_C(1700000000000), .event = STR("e")};
	struct conversion c;
	struct str id;
	bool personal;

	set_up();
	row.payload = str_make((const char *)bytes, len);
	if (len > 0)
		compare_readers(row.payload);
	personal = check_redaction(row.payload);
	if (conversion_read(&c, &row, &scratch) != REASON_NONE)
		return 0;
	CHECK(redact_needed(&c, &scratch) == personal);
	event_id_of(&c, &digest, &scratch, &id);
	CHECK(id.len > 0);
	for (enum event_source s = SOURCE_WEB; s <= SOURCE_CRM; s++)
		check_shape(&c, s, id);
	return 0;
}
