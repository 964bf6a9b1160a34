/* SPDX-License-Identifier: MIT
 * Nanoseconds an event from a row's bytes to TikTok's item, the best of many rounds:
 * bench_shape [ROUNDS] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/event_id.h"
#include "core/shape.h"

#define EVENTS 10000

static const char purchase[] =
	"{\"consent\":{\"ad_user_data\":\"GRANTED\",\"ad_personalization\":\"GRANTED\"},"
	"\"session_id\":\"s-1f0c9f4e\",\"page\":{\"url\":\"https://shop.example/checkout/"
	"done\"},"
	"\"user\":{\"email\":\"alice.example@gmail.com\",\"phone\":\"+12133734253\","
	"\"ttclid\":\"E.C.P.CqYBx1yZ0\",\"ip\":\"203.0.113.9\","
	"\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64)\"},"
	"\"properties\":{\"value\":29.99,\"currency\":\"EUR\",\"order_id\":\"A-100001\","
	"\"contents\":[{\"content_id\":\"SKU-1\",\"price\":29.99,\"quantity\":1}]}}";

struct bench {
	struct scratch scratch;
	struct digest digest;
	struct event_map *map;
	struct destination_rules rules;
	struct outbox_row row;
	struct buf out;
};

enum stage { SCAN, READ, DECIDE, SHAPE, STAGES };

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void run_one(struct bench *b, enum stage last)
{
	struct conversion c;
	struct decision dec;
	struct str id;

	if (last == SCAN) {
		if (json_scan(&b->scratch.json, b->row.payload) != JSON_OK)
			abort();
		return;
	}
	if (conversion_read(&c, &b->row, &b->scratch) != REASON_NONE)
		abort();
	if (last == READ)
		return;
	event_id_of(&c, &b->digest, &b->scratch, &id);
	decide(&c, &b->rules, b->map, NULL, INT64_C(1700000100000), &dec);
	if (dec.reason != REASON_NONE)
		abort();
	if (last == SHAPE && shape(&c, &dec, &b->rules, NULL, id, &b->digest, &b->scratch,
				   &b->out) != REASON_NONE)
		abort();
}

static int64_t best_of(struct bench *b, enum stage last, int rounds)
{
	int64_t best = INT64_MAX;

	for (int round = 0; round < rounds; round++) {
		int64_t from = now_ns(), took;

		for (int i = 0; i < EVENTS; i++) {
			buf_clear(&b->out);
			run_one(b, last);
		}
		took = (now_ns() - from) / EVENTS;
		if (took < best)
			best = took;
	}
	return best;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"scan", "read", "read, id, decide",
					    "read, id, decide, shape"};
	struct event_map_row row = {STR("purchase"), 0, STR("Purchase"), 1};
	struct bench b = {
		.rules = {.id = 1, .source = SOURCE_WEB, .pii_hashed = true},
		.row = {.id = 1,
			.created_ms = INT64_C(1700000000000),
			.event_id = STR("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
			.event = STR("purchase"),
			.event_time = {.kind = EVENT_TIME_INTEGER, .integer = 1700000000},
			.payload = {purchase, sizeof(purchase) - 1}},
	};
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 50;

	scratch_init(&b.scratch);
	digest_init(&b.digest);
	buf_init(&b.out, 1 << 20);
	b.map = event_map_new(&row, 1);
	for (enum stage s = SCAN; s < STAGES; s++)
		printf("%6" PRId64 " ns  %s\n", best_of(&b, s, rounds), names[s]);
	printf("%zu bytes in, %zu out\n", b.row.payload.len, b.out.len);
	event_map_free(b.map);
	buf_fini(&b.out);
	digest_fini(&b.digest);
	scratch_fini(&b.scratch);
	return 0;
}
