/* SPDX-License-Identifier: MIT
 * conversion.h - one row of the outbox, read: the bytes stay where they are, what the
 * contract documents is found in one walk.
 *
 * Owns:    nothing; a conversion is valid as long as its row's bytes, and until its
 *          scratch reads the next one.
 * Thread:  one scratch per worker.
 * Errors:  a row that cannot be read has a reason: bad_json, bad_event_name or
 *          payload_too_large.
 * See:     schema/conversion.schema.json; core/field.h, the names of the members. */
#ifndef CORE_CONVERSION_H
#define CORE_CONVERSION_H

#include "core/digest.h"
#include "core/event_time.h"
#include "core/field.h"
#include "core/json.h"
#include "core/look.h"
#include "core/reason.h"

#define PAYLOAD_MAX (1u << 20)
#define EVENT_NAME_MAX 200 /* bytes */
#define EVENT_ID_MAX 4096  /* bytes */

struct outbox_row {
	int64_t id, created_ms;     /* undated: when it was read */
	struct str event_id, event; /* an empty id is none */
	struct event_time event_time;
	struct str payload;  /* JSON; empty is none */
	struct str known_id; /* without one: what it was given when it was read before, */
	bool refused, redacted, undated; /* and refused for what it held, never sent */
};

/* SHA-256 of normalised values of the conversion last read, by their tokens. */
#define KNOWN_DIGESTS 8
struct known_digests {
	uint32_t at[KNOWN_DIGESTS];
	unsigned char digest[KNOWN_DIGESTS][DIGEST_LEN];
	size_t count;
};

/* Memory that lives from event to event. */
struct scratch {
	struct json json, inner; /* inner: what a text of it says */
	struct buf text;         /* one unescaped or normalised value */
	struct buf more;         /* a second one, made from the first */
	struct buf canon;        /* canonical content; the text that `inner` reads */
	struct buf keys;         /* unescaped keys that are being sorted */
	struct buf order;        /* members that are being sorted, strings already seen */
	struct buf time;         /* conversion_date_time, where it is escaped */
	struct buf own_id;       /* transaction_id, where it is escaped */
	struct known_digests known;
	uint32_t refused; /* what bad_value is about, or JSON_NONE */
};

void scratch_init(struct scratch *s);
void scratch_fini(struct scratch *s);

struct conversion {
	const struct outbox_row *row;
	const struct json *json;
	struct str event;             /* trimmed */
	struct str event_id;          /* the producer's, or transaction_id; empty: none */
	struct event_time event_time; /* the column's, or conversion_date_time */
	bool time_in_payload;
	uint32_t at[FIELD_COUNT]; /* tokens of the values; JSON_NONE: absent or null */
	struct looks looks;
};

enum reason conversion_read(struct conversion *c, const struct outbox_row *row,
			    struct scratch *s);

/* A string's content, escapes resolved into `tmp`, which is cleared first; empty where it is
 * absent or no string. Not trimmed. */
struct str conversion_text(const struct conversion *c, uint32_t at, struct buf *tmp);

/* The same for ids: a number counts as its text (core/json_id.h). */
struct str conversion_id(const struct conversion *c, uint32_t at, struct buf *tmp);

#endif
