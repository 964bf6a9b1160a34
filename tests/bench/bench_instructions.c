/* SPDX-License-Identifier: MIT
 * The hot path on a fixed input, for counting instructions; `measured` is what counts:
 * bench_instructions shape|bare|redact|read|settle|load   (run by tests/bench/instructions) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/event_id.h"
#include "core/redact.h"
#include "core/shape.h"
#include "run/shaper.h"
#include "store/migrate.h"
#include "store/outbox.h"
#include "store/queue.h"

enum { ROWS = 200, PAYLOAD_CAP = 1024, NAME_CAP = 64 };

#define NOW_MS INT64_C(1700000100000)

static const char purchase[] =
	"{\"consent\":{\"ad_user_data\":\"GRANTED\",\"ad_personalization\":\"GRANTED\"},"
	"\"session_id\":\"s-%04d\",\"page\":{\"url\":\"https://shop.example/checkout/done"
	"?utm_source=tiktok&ttclid=E.C.P.%04d\"},\"user\":{\"email\":"
	"\"customer%04d@example.de\",\"phone\":\"+491701234%04d\",\"ip\":\"203.0.113.9\","
	"\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"},"
	"\"properties\":{\"value\":29.99,\"currency\":\"EUR\",\"order_id\":\"A-%04d\","
	"\"contents\":[{\"content_id\":\"SKU-1\",\"price\":29.99,\"quantity\":1}]}}";

/* A purchase that names nobody. */
static const char bare[] =
	"{\"consent\":{\"ad_user_data\":\"GRANTED\",\"ad_personalization\":\"GRANTED\"},"
	"\"page\":{\"url\":\"https://shop.example/checkout/done?utm_source=tiktok"
	"&ttclid=E.C.P.%04d\",\"referrer\":\"https://shop.example/cart\"},\"user\":{"
	"\"ttp\":\"94e2a4j9-h3ss-k9%04d\",\"ip\":\"203.0.113.9\","
	"\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"},"
	"\"properties\":{\"value\":29.99,\"currency\":\"EUR\",\"order_id\":\"A-%04d\","
	"\"contents\":[{\"content_id\":\"SKU-1\",\"content_name\":\"Blue Shoes, size "
	"42\","
	"\"price\":29.99,\"quantity\":1}]}}";

struct bench {
	char folder[64], path[96];
	struct db db;
	struct outbox_reader reader;
	struct queue queue;
	struct kinship kinship;
	struct judge judge;
	struct load *load;
	struct scratch scratch;
	struct digest digest;
	struct event_map *map;
	struct destination_rules rules;
	struct buf out, text;
	char payload[ROWS][PAYLOAD_CAP], bare[ROWS][PAYLOAD_CAP], id[ROWS][NAME_CAP];
	struct entry entries[ROWS];
	int64_t lots;
	struct err e;
};

static void must(struct bench *b, enum err_code code)
{
	if (code == ERR_OK)
		return;
	fprintf(stderr, "bench_instructions: %s\n", b->e.msg);
	abort();
}

static void make_rows(struct bench *b, int from)
{
	for (int i = 0; i < ROWS; i++) {
		int n = from + i;

		snprintf(b->payload[i], PAYLOAD_CAP, purchase, n, n, n, n, n);
		snprintf(b->bare[i], PAYLOAD_CAP, bare, n, n, n);
		snprintf(b->id[i], NAME_CAP, "7c9e6679-7425-40de-944b-e07fc1f9%04d", n);
	}
}

static void shape_one(struct bench *b, const struct outbox_row *row, bool look)
{
	struct conversion c;
	struct decision dec;
	struct str id;

	if (conversion_read(&c, row, &b->scratch) != REASON_NONE)
		abort();
	event_id_of(&c, &b->digest, &b->scratch, &id);
	decide(&c, &b->rules, b->map, NULL, NOW_MS, &dec);
	if (dec.reason != REASON_NONE ||
	    shape(&c, &dec, &b->rules, NULL, id, &b->digest, &b->scratch, &b->out))
		abort();
	if (look && redact_needed(&c, &b->scratch))
		abort();
}

static void shape_row(struct bench *b, int i, const char *payload, bool look)
{
	struct outbox_row row = {
		.id = i + 1,
		.created_ms = INT64_C(1700000000000),
		.event_id = str_make(b->id[i], strlen(b->id[i])),
		.event = STR("purchase"),
		.payload = str_make(payload, strlen(payload)),
	};

	shape_one(b, &row, look);
}

static void pass_shape(struct bench *b)
{
	buf_clear(&b->out);
	for (int i = 0; i < ROWS; i++)
		shape_row(b, i, b->payload[i], false);
}

/* With the look that tells that nothing in it is to be redacted. */
static void pass_bare(struct bench *b)
{
	buf_clear(&b->out);
	for (int i = 0; i < ROWS; i++)
		shape_row(b, i, b->bare[i], true);
}

static void pass_redact(struct bench *b)
{
	for (int i = 0; i < ROWS; i++)
		if (redact_payload(str_make(b->payload[i], strlen(b->payload[i])), "DE",
				   &b->scratch, &b->digest, &b->out) != REDACT_DONE)
			abort();
}

static bool count_row(void *arg, const struct outbox_row *row,
		      const struct waiting_row *waiting)
{
	(void)waiting;
	*(size_t *)arg += row->payload.len;
	return true;
}

static void pass_read(struct bench *b)
{
	size_t bytes = 0;

	must(b, outbox_range(&b->reader, 1, ROWS, count_row, &bytes, &b->e));
	if (bytes < ROWS * sizeof(purchase) / 2)
		abort();
}

static void settle_lot(struct bench *b, struct lot *lot, int64_t attempt_id)
{
	struct opening opening = {attempt_id, 1, 1, 0};
	struct answer answer = {.http_status = 200, .has_code = true};
	struct settlement settlement = {
		.attempt_id = attempt_id,
		.batch = 1,
		.disposition = SETTLE_DELIVERED,
		.started_ms = NOW_MS,
		.took_ms = 20,
		.verdict = verdict_of(&answer),
		.answer = &answer,
	};

	b->queue.now_ms = NOW_MS;
	must(b, db_begin(&b->db, &b->e));
	must(b, queue_admit(&b->queue, lot, &opening, 1, &b->e));
	must(b, db_commit(&b->db, &b->e));
	dedup_commit(&b->queue.dedup);
	must(b, db_begin(&b->db, &b->e));
	must(b, queue_settle(&b->queue, lot, &settlement, &b->e));
	must(b, db_commit(&b->db, &b->e));
	dedup_commit(&b->queue.dedup);
	if (opening.events != ROWS)
		abort();
}

static void pass_settle(struct bench *b)
{
	int64_t first = (b->lots - 1) * ROWS + 1;
	struct lot lot = {LOT_FRESH, first, first + ROWS - 1, b->entries, ROWS,
			  b->text.p, 0};

	settle_lot(b, &lot, b->lots);
}

/* What a worker does with a load: reads it, decides, finds the persons, shapes. */
static void pass_load(struct bench *b)
{
	b->load->lot.kind = LOT_FRESH;
	b->load->after = 0;
	b->load->upto = 0;
	b->load->limit = ROWS;
	b->load->now_ms = clock_wall_ms();
	b->load->dues = 0;
	b->load->job.err.code = ERR_OK;
	shaper_work(&b->load->job, &b->judge);
	must(b, b->load->job.err.code);
	if (b->load->lot.count != ROWS || b->load->lot.entries[0].reason)
		abort();
}

/* Each pass has a new lot: the same rows would be duplicates. */
static void make_lot(struct bench *b)
{
	int64_t first = b->lots++ * ROWS + 1;

	buf_clear(&b->text);
	make_rows(b, (int)first);
	for (int i = 0; i < ROWS; i++) {
		struct str id = str_make(b->id[i], strlen(b->id[i]));

		b->entries[i] = (struct entry){
			.outbox_id = first + i,
			.hash = dedup_hash(1, id),
			.event_time = 1700000000,
			.id_at = (uint32_t)b->text.len,
			.id_len = (uint32_t)id.len,
			.name_id = 1,
			.destination_id = 1,
			.batch = 1,
			.limited_data_use = 0,
			.flags = ENTRY_FIRST,
		};
		buf_adds(&b->text, id);
	}
}

/* What is counted: callgrind is told this function's name. */
__attribute__((noipa)) void measured(struct bench *b, void (*pass)(struct bench *b));
void measured(struct bench *b, void (*pass)(struct bench *b))
{
	pass(b);
	__asm__ volatile(
		"" ::
			: "memory"); /* no tail call: it would leave this function */
}

static void open_database(struct bench *b)
{
	sqlite3_stmt *insert;
	int applied;

	snprintf(b->folder, sizeof(b->folder), "/tmp/convey-bench-XXXXXX");
	if (!mkdtemp(b->folder))
		abort();
	snprintf(b->path, sizeof(b->path), "%s/outbox.db", b->folder);
	must(b, db_open(&b->db, b->path, DB_CREATE, &b->e));
	must(b, migrate(&b->db, false, &applied, &b->e));
	must(b, db_exec(&b->db,
			"INSERT OR REPLACE INTO setting VALUES ('dedup_seed', 1);"
			"INSERT INTO destination (id, name, source, pixel_id) "
			"VALUES (1, 'shop', 'web', 'P');"
			"INSERT OR IGNORE INTO event_name VALUES (1, 'Purchase')",
			&b->e));
	must(b, db_prepare(&b->db,
			   "INSERT INTO outbox (event_id, event, payload, created_at) "
			   "VALUES (?1, 'purchase', ?2, ?3)",
			   &insert, &b->e));
	for (int i = 0; i < ROWS; i++) {
		db_bind(insert, 1, str_make(b->id[i], strlen(b->id[i])));
		db_bind(insert, 2, str_make(b->payload[i], strlen(b->payload[i])));
		sqlite3_bind_int64(insert, 3, clock_wall_ms() - 100 * 1000);
		must(b, db_run(&b->db, insert, &b->e));
	}
	sqlite3_finalize(insert);
	must(b,
	     db_exec(&b->db, "INSERT INTO event_map VALUES ('purchase', 0, 1)", &b->e));
	must(b, kinship_open(&b->kinship, &b->db, &b->e));
	must(b, judge_open_shared(&b->judge, b->path, &b->kinship, &b->e));
	b->load = load_new();
	must(b, outbox_open(&b->reader, &b->db, &b->e));
	must(b, queue_open(&b->queue, &b->db, &b->e));
}

static void close_database(struct bench *b)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	char path[128];

	load_free(b->load);
	judge_close(&b->judge);
	kinship_close(&b->kinship);
	queue_close(&b->queue);
	outbox_close(&b->reader);
	db_close(&b->db);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", b->path, tails[i]);
		unlink(path);
	}
	rmdir(b->folder);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*pass)(struct bench *b);
	} passes[] = {{"shape", pass_shape},   {"bare", pass_bare},
		      {"redact", pass_redact}, {"read", pass_read},
		      {"settle", pass_settle}, {"load", pass_load}};
	static struct bench b = {
		.rules = {.id = 1, .source = SOURCE_WEB, .pii_hashed = true}};
	struct event_map_row mapped = {STR("purchase"), 0, STR("Purchase"), 1};

	scratch_init(&b.scratch);
	digest_init(&b.digest);
	buf_init(&b.out, 1 << 20);
	buf_init(&b.text, 1 << 20);
	b.map = event_map_new(&mapped, 1);
	make_rows(&b, 1);
	open_database(&b);
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		if (argc != 2 || strcmp(argv[1], passes[i].name) != 0)
			continue;
		make_lot(&b);
		passes[i].pass(&b); /* what is grown once is grown now */
		make_lot(&b);
		measured(&b, passes[i].pass);
	}
	close_database(&b);
	event_map_free(b.map);
	buf_fini(&b.text);
	buf_fini(&b.out);
	digest_fini(&b.digest);
	scratch_fini(&b.scratch);
	return 0;
}
