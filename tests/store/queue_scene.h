/* SPDX-License-Identifier: MIT
 * queue_scene.h - a queue with a row in every status: row N is event "eN".
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef TESTS_STORE_QUEUE_SCENE_H
#define TESTS_STORE_QUEUE_SCENE_H

/* 1 delivered, 2 failed, 3 rejected at no destination, 4 skipped, 5 duplicate, 6 held,
 * 7 retrying, 8 pending, 9 failed, 10 sending, 11 and 12 not claimed yet. */
static const char queue_scene[] =
	"INSERT INTO outbox (event_id, event) VALUES ('e1', 'purchase'), ('e2', "
	"'purchase'), "
	"('e3', 'purchase'), ('e4', 'purchase'), ('e5', 'purchase'), ('e6', 'purchase'), "
	"('e7', 'purchase'), ('e8', 'purchase'), ('e9', 'purchase'), ('e10', "
	"'purchase'), "
	"('e11', 'purchase'), (NULL, 'purchase');"
	"UPDATE queue SET cursor = 10;"
	"INSERT INTO derived_id (outbox_id, event_id) VALUES (12, 'g1_12');"
	"INSERT INTO destination (id, name, source, pixel_id) VALUES (1, 'shop', 'web', "
	"'P');"
	"INSERT INTO event_name VALUES (1, 'Purchase');"
	"INSERT INTO attempt (id, destination_id, started_at, ms, events, outcome, "
	"first_id, "
	"last_id) VALUES (1, 1, 1700000000000, 12, 2, 'refused', 1, 6), "
	"(2, 1, 1700000000000, NULL, 1, NULL, 10, 10);"
	"INSERT INTO delivery (key, state, attempt_id, name_id, event_time, utc_offset, "
	"limited_data_use, event_hash, attempts) VALUES "
	"(1 * 1024 + 1, 160, 1, 1, 1700000000, 3600, 0, 11, 1), "
	"(2 * 1024 + 1, 81, 1, 1, 1700000000, 3600, 0, 12, 1), "
	"(3 * 1024, 97, NULL, NULL, NULL, NULL, NULL, NULL, 0), "
	"(4 * 1024 + 1, 129, NULL, NULL, NULL, NULL, NULL, 14, 0), "
	"(5 * 1024 + 1, 144, NULL, NULL, NULL, NULL, NULL, 15, 0), "
	"(9 * 1024 + 1, 82, 1, 1, 1700000000, 0, 1, 19, 12);"
	"INSERT INTO waiting (key, destination_id, status, reason, due_at, attempts, "
	"first_sent_at, unknown, event_hash) VALUES "
	"(6 * 1024 + 1, 1, 4, 65, NULL, 3, 1700000000000, 1, 16), "
	"(7 * 1024 + 1, 1, 3, 21, 9999999999999, 2, 1700000000000, NULL, 17), "
	"(8 * 1024 + 1, 1, 1, NULL, 9999999999999, 0, NULL, NULL, 18);"
	"INSERT INTO counter VALUES (1, 160, 1, 1, 1, 1), (1, 81, 1, 1, 1, 2), "
	"(0, 97, 1, 1, 1, 3), (1, 129, 1, 1, 1, 4), (1, 144, 1, 1, 1, 5), "
	"(1, 65, 1, 1, 1, 6), (1, 48, 1, 1, 1, 7), (1, 16, 1, 1, 1, 8), (1, 82, 1, 1, 1, "
	"9)";

#endif
