-- SPDX-License-Identifier: MIT
-- The database as migrations/ leave it, with a paragraph on each table and view: the text to
-- read. tools/describe_schema writes the statements, people write the paragraphs, and a test
-- compares. Nothing here is newer than SQLite 3.26, as producers bring their own SQLite, and
-- one statement that it cannot read makes an older one refuse the whole file.
-- Times are Unix milliseconds unless a view shows them. Producers write outbox, visit and
-- consent; the relay and the verbs write the rest; everybody may read.

-- What producers commit, in the transaction of their own business: one row a conversion. Written
-- by them alone; the relay reads it by ranges of ids and never updates a row on its way out, so
-- a claim costs one row for a thousand of these. No unique index, no trigger, no generated
-- column: nothing in a producer's way may fail for a reason that is not theirs, and its SQLite
-- may be as old as 3.26. Only personal data of settled rows is rewritten, into hashes. The id is
-- SQLite's to give; the relay reads upwards, and delivery.key has no place for others than these.
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4503599627370495),
	event_id TEXT,
	event TEXT NOT NULL,
	event_time,
	payload TEXT DEFAULT '{}',
	created_at INTEGER DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
);

-- One view of one page by one browser, from producers who have that. Gives an event its page,
-- its click id and its touches. Optional; written by producers, read by the relay.
CREATE TABLE visit (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	session_id TEXT,
	page_url TEXT,
	referrer TEXT,
	ttclid TEXT,
	ttp TEXT,
	ip TEXT,
	user_agent TEXT,
	external_id TEXT,
	email TEXT,
	phone TEXT,
	seen_at DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
);

-- One statement of one person, in the words of Google Consent Mode. Counts where the conversion
-- itself says nothing. Optional; written by producers, read by the relay.
CREATE TABLE consent (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	external_id TEXT,
	email TEXT,
	phone TEXT,
	session_id TEXT,
	ad_user_data TEXT,
	ad_personalization TEXT,
	ad_storage TEXT,
	analytics_storage TEXT,
	stated_at DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
);

-- A flat face of outbox for people at a sqlite3 prompt and for code without a JSON library: a
-- column a field. Only to insert into; what it shows of rows is the first three columns.
CREATE VIEW conversion AS
SELECT event_id, event, event_time,
	NULL AS page_url, NULL AS referrer, NULL AS session_id, NULL AS email, NULL AS phone,
	NULL AS external_id, NULL AS ttclid, NULL AS ttp, NULL AS ip, NULL AS user_agent,
	NULL AS locale, NULL AS value, NULL AS currency, NULL AS order_id, NULL AS contents,
	NULL AS ad_user_data, NULL AS ad_personalization
FROM outbox;

-- Makes the payload out of the flat columns: NULLs leave no trace in it. What JSON does not hold
-- goes in as text, so that the INSERT does not fail: a BLOB, an infinite number, a `contents` that
-- is no JSON; what is wrong with it is the relay's to tell.
CREATE TRIGGER conversion_insert INSTEAD OF INSERT ON conversion
BEGIN
	INSERT INTO outbox (event_id, event, event_time, payload)
	VALUES (CAST(NEW.event_id AS TEXT), CAST(NEW.event AS TEXT), NEW.event_time, json_patch('{}', json_object(
		'consent', json_object(
			'ad_user_data', CASE WHEN NEW.ad_user_data < 9e999 AND NEW.ad_user_data > -9e999
				THEN NEW.ad_user_data ELSE CAST(NEW.ad_user_data AS TEXT) END,
			'ad_personalization', CASE WHEN NEW.ad_personalization < 9e999 AND NEW.ad_personalization > -9e999
				THEN NEW.ad_personalization ELSE CAST(NEW.ad_personalization AS TEXT) END),
		'session_id', CASE WHEN NEW.session_id < 9e999 AND NEW.session_id > -9e999
				THEN NEW.session_id ELSE CAST(NEW.session_id AS TEXT) END,
		'page', json_object(
			'url', CASE WHEN NEW.page_url < 9e999 AND NEW.page_url > -9e999
				THEN NEW.page_url ELSE CAST(NEW.page_url AS TEXT) END,
			'referrer', CASE WHEN NEW.referrer < 9e999 AND NEW.referrer > -9e999
				THEN NEW.referrer ELSE CAST(NEW.referrer AS TEXT) END),
		'user', json_object(
			'email', CASE WHEN NEW.email < 9e999 AND NEW.email > -9e999
				THEN NEW.email ELSE CAST(NEW.email AS TEXT) END,
			'phone', CASE WHEN NEW.phone < 9e999 AND NEW.phone > -9e999
				THEN NEW.phone ELSE CAST(NEW.phone AS TEXT) END,
			'external_id', CASE WHEN NEW.external_id < 9e999 AND NEW.external_id > -9e999
				THEN NEW.external_id ELSE CAST(NEW.external_id AS TEXT) END,
			'ttclid', CASE WHEN NEW.ttclid < 9e999 AND NEW.ttclid > -9e999
				THEN NEW.ttclid ELSE CAST(NEW.ttclid AS TEXT) END,
			'ttp', CASE WHEN NEW.ttp < 9e999 AND NEW.ttp > -9e999
				THEN NEW.ttp ELSE CAST(NEW.ttp AS TEXT) END,
			'ip', CASE WHEN NEW.ip < 9e999 AND NEW.ip > -9e999
				THEN NEW.ip ELSE CAST(NEW.ip AS TEXT) END,
			'user_agent', CASE WHEN NEW.user_agent < 9e999 AND NEW.user_agent > -9e999
				THEN NEW.user_agent ELSE CAST(NEW.user_agent AS TEXT) END,
			'locale', CASE WHEN NEW.locale < 9e999 AND NEW.locale > -9e999
				THEN NEW.locale ELSE CAST(NEW.locale AS TEXT) END),
		'properties', json_object(
			'value', CASE WHEN NEW.value < 9e999 AND NEW.value > -9e999
				THEN NEW.value ELSE CAST(NEW.value AS TEXT) END,
			'currency', CASE WHEN NEW.currency < 9e999 AND NEW.currency > -9e999
				THEN NEW.currency ELSE CAST(NEW.currency AS TEXT) END,
			'order_id', CASE WHEN NEW.order_id < 9e999 AND NEW.order_id > -9e999
				THEN NEW.order_id ELSE CAST(NEW.order_id AS TEXT) END,
			'contents', CASE WHEN json_valid(NEW.contents) THEN json(NEW.contents)
				ELSE CAST(NEW.contents AS TEXT) END))));
END;

-- The closed list of statuses, from the least to the most finished: a row's status is the
-- smallest of its deliveries. core/reason.h has the same numbers.
CREATE TABLE status (
	id INTEGER PRIMARY KEY,
	word TEXT NOT NULL
);

-- The closed list of reasons, with what to do about each. id = status * 16 + a running number,
-- so that the state of a delivery holds both. core/reason.h has the same numbers.
CREATE TABLE reason (
	id INTEGER PRIMARY KEY,
	word TEXT NOT NULL,
	advice TEXT NOT NULL
);

-- TikTok's event names by number, so that a delivery stores a small integer. Grows with the
-- event map, never with events.
CREATE TABLE event_name (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);

-- Single values: the version of the configuration (a running relay reads it again when it
-- changes), the seed of the deduplication's hash, how far that has been merged, a step of the
-- clock that has reached a part of what waits.
CREATE TABLE setting (
	name TEXT PRIMARY KEY,
	value
) WITHOUT ROWID;

-- An event source of TikTok's (a pixel, an app, an offline set, a CRM set), and how to send to
-- it. Written by `convey destination`; reason, blocked_until and last_error by the relay: why
-- it waits at the moment. cancelled_through by `convey disconnect`: rows of the outbox up to
-- this one that the relay has not read yet end cancelled, not sent. Never deleted while a
-- delivery names it: removed = 1. id is below 1024, as it is the low part of delivery.key.
CREATE TABLE destination (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	source TEXT NOT NULL,
	pixel_id TEXT NOT NULL,
	timezone TEXT NOT NULL DEFAULT 'UTC',
	pii TEXT NOT NULL DEFAULT 'hashed',
	deliver TEXT NOT NULL DEFAULT 'all',
	model TEXT NOT NULL DEFAULT 'last_non_direct',
	click_window INTEGER NOT NULL DEFAULT 28,
	view_window INTEGER NOT NULL DEFAULT 7,
	default_country TEXT NOT NULL DEFAULT '',
	default_url TEXT NOT NULL DEFAULT '',
	test_event_code TEXT NOT NULL DEFAULT '',
	batch INTEGER NOT NULL DEFAULT 1000,
	requests_per_second REAL NOT NULL DEFAULT 0,
	consent_strict INTEGER NOT NULL DEFAULT 0,
	paused INTEGER NOT NULL DEFAULT 0,
	removed INTEGER NOT NULL DEFAULT 0,
	reason INTEGER,
	blocked_until INTEGER,
	last_error TEXT,
	cancelled_through INTEGER
);

-- Secrets, sealed with AES-256-GCM under the key file; the row's own identity is authenticated
-- with them, so that a row that is moved does not open. Written by `convey token`.
CREATE TABLE credential (
	destination_id INTEGER NOT NULL,
	field TEXT NOT NULL,
	sealed BLOB NOT NULL,
	set_at INTEGER NOT NULL,
	PRIMARY KEY (destination_id, field)
) WITHOUT ROWID;

-- Which of the producers' events are sent, and as what. destination_id 0 is every destination.
-- Filled once by `convey init`, then by `convey map`.
CREATE TABLE event_map (
	event TEXT NOT NULL,
	destination_id INTEGER NOT NULL DEFAULT 0,
	name_id INTEGER NOT NULL,
	PRIMARY KEY (event, destination_id)
) WITHOUT ROWID;

-- Who gets what, in the order of priority; the first that fits decides. Without any, each
-- conversion goes to every active destination. `targets` is names with commas, or drop.
CREATE TABLE route (
	id INTEGER PRIMARY KEY,
	priority INTEGER NOT NULL DEFAULT 0,
	targets TEXT NOT NULL,
	event TEXT,
	country TEXT,
	min_value TEXT,
	currency TEXT,
	has TEXT,
	consent TEXT,
	sample REAL
);

-- How far the outbox has been taken up: rows above the cursor are new. One row, moved once for
-- each range of rows that is claimed.
CREATE TABLE queue (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	cursor INTEGER NOT NULL
);

-- One HTTP request. Opened before a byte is sent, in the transaction that moves the cursor over
-- its rows: this is the claim. Closed with the answer. Without an outcome after a crash, its
-- rows may or may not have arrived, and wait to be sent again. `members` names them while it is
-- open, where they are not all of first_id to last_id.
CREATE TABLE attempt (
	id INTEGER PRIMARY KEY,
	destination_id INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	ms INTEGER,
	events INTEGER NOT NULL,
	http_status INTEGER,
	api_code INTEGER,
	api_message TEXT,
	request_id TEXT,
	outcome TEXT,
	first_id INTEGER NOT NULL,
	last_id INTEGER NOT NULL,
	members BLOB
);

-- The few requests under way, found without a walk over history.
CREATE INDEX attempt_open ON attempt (first_id, last_id) WHERE outcome IS NULL;

-- What became of a row at a destination, for good: appended once at settlement, a narrow row in
-- the order of the outbox. key = outbox id * 1024 + destination id (0 where no destination was
-- reached), state = status * 16, or the id of the reason. The cost of an event is this row.
CREATE TABLE delivery (
	key INTEGER PRIMARY KEY,
	state INTEGER NOT NULL,
	attempt_id INTEGER,
	name_id INTEGER,
	event_time INTEGER,
	utc_offset INTEGER,
	limited_data_use INTEGER,
	event_hash INTEGER,
	attempts INTEGER,
	first_sent_at INTEGER
);

-- Deliveries that did not arrive, for `convey list` and for finding them to retry; a row that
-- was delivered is not in it and costs nothing.
CREATE INDEX delivery_unsent ON delivery (state) WHERE state < 160;

-- What cannot be settled yet: retries, rows of a destination that waits, held ones. Few, so
-- they may be updated; a row goes to delivery when it ends. destination_id 0 and a key that
-- ends so: to be decided anew for every destination. unknown: 1 it may have arrived, 0 it was
-- refused here and may have been mended since, so that an id that was derived of it is made anew.
CREATE TABLE waiting (
	key INTEGER PRIMARY KEY,
	destination_id INTEGER NOT NULL,
	status INTEGER NOT NULL,
	reason INTEGER,
	due_at INTEGER,
	attempts INTEGER NOT NULL DEFAULT 0,
	first_sent_at INTEGER,
	attempt_id INTEGER,
	unknown INTEGER,
	name_id INTEGER,
	event_time INTEGER,
	utc_offset INTEGER,
	limited_data_use INTEGER,
	event_hash INTEGER
);

-- The next row due for a destination.
CREATE INDEX waiting_due ON waiting (destination_id, due_at);

-- Hashes and the rows they lead to, in sorted runs: kind 1 an event_id's hash and the row that
-- holds it (64 bits, with a seed of the file's own; the newest counts, a hit is compared with the id),
-- kind 2 an identifier and the rows it was seen in (48 bits of its SHA-256). Recent ones live in
-- the relay's memory and can be made again from the rows; they come here many at once, and runs of
-- a level are merged into one of the next, so that a key does not cost more as history grows.
-- state: 0 whole, 1 growing out of others, 2 to be deleted. Written by the relay alone.
CREATE TABLE index_run (
	id INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	level INTEGER NOT NULL,
	state INTEGER NOT NULL,
	pairs INTEGER NOT NULL,
	room INTEGER NOT NULL,
	least INTEGER NOT NULL,
	most INTEGER NOT NULL
);

-- The pairs of a run, packed, a page a block. key = run id * 2^23 + the block's number; from 2^22
-- on these are the pieces of the run's Bloom filter.
CREATE TABLE index_block (
	key INTEGER PRIMARY KEY,
	pairs BLOB NOT NULL
);

-- Event_ids that rows of long ago got back or took over: what a restart could not tell from
-- the rows behind those that stand in index_run. Emptied when recent ids go there.
CREATE TABLE dedup_late (
	id INTEGER PRIMARY KEY,
	hash INTEGER NOT NULL,
	outbox_id INTEGER NOT NULL
);

-- How far the relay had come when a day (of the Unix epoch) began: what `convey run --retention-days`
-- and --dedup-days go by, a day at a time.
CREATE TABLE milestone (
	day INTEGER PRIMARY KEY,
	outbox_id INTEGER NOT NULL,
	visit_id INTEGER NOT NULL,
	attempt_id INTEGER NOT NULL
);

-- The event_id of rows that came without one, so that people and later duplicates find it.
-- redacted: 1 where redaction has rewritten the row, so that it cannot be derived again.
CREATE TABLE derived_id (
	outbox_id INTEGER PRIMARY KEY,
	event_id TEXT NOT NULL,
	redacted INTEGER
);

-- Rows that hold personal data in the clear, in ranges, about a byte a row; noted in the
-- transaction that claims them, struck off once hashes stand in its place. Empty a minute
-- after the last settlement.
CREATE TABLE redaction (
	first_id INTEGER PRIMARY KEY,
	members BLOB NOT NULL
);

-- Other rows of an event_id, by the row that holds it: duplicates, whose values fill what it has
-- left empty until it is sent; rows that gave the id up before; rows that cannot be read. By its
-- negative, duplicates that came when it had been sent: they fill nothing.
CREATE TABLE duplicate (
	first_id INTEGER NOT NULL,
	outbox_id INTEGER NOT NULL,
	PRIMARY KEY (first_id, outbox_id)
) WITHOUT ROWID;

-- How many deliveries are in each state, kept in the transaction that changes them: what makes
-- queue_status and problem cheap at any size. waiting counts as state = status * 16 (held
-- has its reason). example_id is the outbox id of the latest.
CREATE TABLE counter (
	destination_id INTEGER NOT NULL,
	state INTEGER NOT NULL,
	count INTEGER NOT NULL,
	first_seen INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,
	example_id INTEGER,
	PRIMARY KEY (destination_id, state)
) WITHOUT ROWID;

-- How many deliveries ended in each quarter of an hour (Unix seconds / 900), by status: the bars
-- of the admin page, whatever the time zone. Kept for two days, in the transaction that ends them:
-- one row for a batch of a thousand. One that is sent back to the queue, or cancelled, is taken off
-- where it ended: it ends once more.
CREATE TABLE quarter (
	quarter INTEGER NOT NULL,
	destination_id INTEGER NOT NULL,
	status INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (quarter, destination_id, status)
) WITHOUT ROWID;

-- Event names that came and are not mapped: what else could be sent.
CREATE TABLE unmapped (
	event TEXT PRIMARY KEY,
	count INTEGER NOT NULL,
	last_seen INTEGER NOT NULL
) WITHOUT ROWID;

-- Rows that join nobody: source 1 a visit, 2 a consent row, 3 a conversion, as `convey why`
-- names them. For a person to insert into, where a shared browser or a test order made two
-- persons one. Read by the relay.
CREATE TABLE identity_disabled (
	source INTEGER NOT NULL,
	row_id INTEGER NOT NULL,
	PRIMARY KEY (source, row_id)
) WITHOUT ROWID;

-- Visits by identifier and time, Unix milliseconds: the page and the click before a conversion.
CREATE TABLE page_view (
	node INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,
	visit_id INTEGER NOT NULL,
	click INTEGER,
	PRIMARY KEY (node, seen_at, visit_id)
) WITHOUT ROWID;

-- Consent by identifier and time: the latest statement at or before a moment. What a row says that
-- names no external_id stands under the identifier's number with its highest bit turned over.
CREATE TABLE statement (
	node INTEGER NOT NULL,
	stated_at INTEGER NOT NULL,
	consent_id INTEGER NOT NULL,
	signals INTEGER NOT NULL,
	PRIMARY KEY (node, stated_at, consent_id)
) WITHOUT ROWID;

-- Helper of the views below: why a destination takes nothing now; NULL where it does.
CREATE VIEW destination_wait AS
SELECT id, name, CASE WHEN paused THEN 24 ELSE reason END AS reason
FROM destination
WHERE removed = 0;

-- Helper of the views below: the first row that no relay has taken up nor anybody cancelled (behind
-- ten thousand cancelled ones: the next, whatever it is), and how many there are from it on; what
-- somebody deleted among them counts. Cheap at any size: the LIMITs have it looked for once.
CREATE VIEW unclaimed AS
SELECT CASE WHEN v.count > 0 THEN v.first_id END AS first_id, v.count
FROM (SELECT u.first_id, CASE WHEN u.first_id IS NULL THEN 0 ELSE
		max(0, (SELECT max(id) FROM outbox) + 1 - u.first_id
			- (SELECT count(*) FROM delivery WHERE key >= u.first_id * 1024)) END AS count
	FROM (SELECT coalesce(
			(SELECT o.id FROM outbox o
				WHERE o.id BETWEEN q.cursor + 1 AND q.cursor + 10000
					AND NOT EXISTS (SELECT 1 FROM delivery d
						WHERE d.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023)
				ORDER BY o.id LIMIT 1),
			(SELECT min(id) FROM outbox WHERE id > q.cursor + 10000)) AS first_id
		FROM queue q LIMIT 1) u
	LIMIT 1) v
LIMIT 1;

-- For admins: the status of each outbox row, by its least finished delivery. A lookup by id is
-- three short probes; a count over all walks the outbox.
CREATE VIEW outbox_status AS
SELECT s.id, s.event_id, s.event, st.word AS status,
	CASE
	WHEN s.state % 16 <> 0 THEN (SELECT word FROM reason WHERE id = s.state)
	WHEN s.state = 16 THEN (SELECT r.word FROM reason r WHERE r.id = coalesce(
		(SELECT max(coalesce(t.reason, w.reason)) FROM waiting w
			LEFT JOIN destination_wait t ON t.id = w.destination_id
			WHERE w.key BETWEEN s.id * 1024 AND s.id * 1024 + 1023 AND w.status = 1),
		(SELECT CASE WHEN sum(reason IS NULL) = 0 THEN min(reason) END
			FROM destination_wait)))
	WHEN s.state = 48 THEN (SELECT r.word FROM waiting w
		LEFT JOIN destination_wait t ON t.id = w.destination_id AND t.reason IN (17, 18, 19, 24)
		JOIN reason r ON r.id = coalesce(t.reason, w.reason)
		WHERE w.key BETWEEN s.id * 1024 AND s.id * 1024 + 1023 AND w.status = 3)
	END AS reason,
	strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT c.ms FROM creation c WHERE c.id = s.id) / 1000.0,
		'unixepoch') AS created_at
FROM (
	SELECT o.id, coalesce(CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END, x.event_id) AS event_id, o.event,
		coalesce(
			(SELECT min(u.state) FROM (
				SELECT d.state AS state FROM delivery d
				WHERE d.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023
				UNION ALL
				SELECT w.status * 16 + CASE w.status WHEN 4 THEN 1 ELSE 0 END
				FROM waiting w
				WHERE w.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023
				UNION ALL
				SELECT 32 FROM attempt a
				WHERE a.outcome IS NULL AND o.id BETWEEN a.first_id AND a.last_id
					AND NOT EXISTS (SELECT 1 FROM delivery d
						WHERE d.key IN (o.id * 1024, o.id * 1024 + a.destination_id))
					AND NOT EXISTS (SELECT 1 FROM waiting w
						WHERE w.key IN (o.id * 1024, o.id * 1024 + a.destination_id))) u),
			16) AS state
	FROM outbox o LEFT JOIN derived_id x ON x.outbox_id = o.id) s
	LEFT JOIN status st ON st.id = s.state / 16;

-- For admins: each row at each destination, with the last request's answer. Four parts: settled,
-- waiting, under way, not taken up yet. By outbox_id it is cheap; ORDER BY and counts walk.
CREATE VIEW delivery_status AS
SELECT o.id AS outbox_id, coalesce(CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END, x.event_id) AS event_id, o.event,
	n.name AS tiktok_event, t.name AS destination, st.word AS status, r.word AS reason,
	coalesce(d.attempts, CASE WHEN d.attempt_id IS NULL THEN 0 ELSE 1 END) AS attempts,
	strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(d.first_sent_at, a.started_at) / 1000.0,
		'unixepoch') AS first_sent_at,
	NULL AS next_attempt_at,
	CASE WHEN d.state = 160 THEN strftime('%Y-%m-%dT%H:%M:%fZ',
		(a.started_at + a.ms) / 1000.0, 'unixepoch') END AS delivered_at,
	a.http_status, a.api_code, a.api_message, a.request_id, d.limited_data_use,
	strftime('%Y-%m-%dT%H:%M:%S', d.event_time + d.utc_offset, 'unixepoch')
		|| CASE WHEN d.utc_offset < 0 THEN '-' ELSE '+' END
		|| printf('%02d:%02d', abs(d.utc_offset) / 3600, abs(d.utc_offset) / 60 % 60)
		AS conversion_date_time
FROM outbox o
	LEFT JOIN derived_id x ON x.outbox_id = o.id
	CROSS JOIN delivery d ON d.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023
	LEFT JOIN event_name n ON n.id = d.name_id
	LEFT JOIN destination t ON t.id = d.key % 1024
	LEFT JOIN status st ON st.id = d.state / 16
	LEFT JOIN reason r ON r.id = d.state
	LEFT JOIN attempt a ON a.id = d.attempt_id
UNION ALL
SELECT o.id, coalesce(CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END, x.event_id), o.event,
	n.name, t.name, st.word, r.word, w.attempts,
	strftime('%Y-%m-%dT%H:%M:%fZ', w.first_sent_at / 1000.0, 'unixepoch'),
	CASE WHEN w.status IN (1, 3) AND NOT coalesce(t.paused OR t.reason = 17, 0) THEN
		strftime('%Y-%m-%dT%H:%M:%fZ', max(w.due_at, coalesce(t.blocked_until, 0)) / 1000.0,
			'unixepoch') END,
	NULL, a.http_status, a.api_code, a.api_message, a.request_id, w.limited_data_use,
	strftime('%Y-%m-%dT%H:%M:%S', w.event_time + w.utc_offset, 'unixepoch')
		|| CASE WHEN w.utc_offset < 0 THEN '-' ELSE '+' END
		|| printf('%02d:%02d', abs(w.utc_offset) / 3600, abs(w.utc_offset) / 60 % 60)
FROM outbox o
	LEFT JOIN derived_id x ON x.outbox_id = o.id
	CROSS JOIN waiting w ON w.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023
	LEFT JOIN event_name n ON n.id = w.name_id
	LEFT JOIN destination t ON t.id = w.destination_id
	LEFT JOIN status st ON st.id = w.status
	LEFT JOIN reason r ON r.id = CASE
		WHEN w.status = 2 THEN NULL
		WHEN w.status IN (1, 3) AND t.paused THEN 24
		WHEN w.status = 1 OR (w.status = 3 AND t.reason IN (17, 18, 19))
			THEN coalesce(t.reason, w.reason)
		ELSE w.reason END
	LEFT JOIN attempt a ON a.id = w.attempt_id
UNION ALL
SELECT o.id, coalesce(CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END, x.event_id), o.event,
	NULL, t.name, 'sending', NULL, 1,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch'),
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM attempt a
	CROSS JOIN outbox o ON o.id BETWEEN a.first_id AND a.last_id
	LEFT JOIN derived_id x ON x.outbox_id = o.id
	LEFT JOIN destination t ON t.id = a.destination_id
WHERE a.outcome IS NULL
	AND NOT EXISTS (SELECT 1 FROM delivery d
		WHERE d.key IN (o.id * 1024, o.id * 1024 + a.destination_id))
	AND NOT EXISTS (SELECT 1 FROM waiting w
		WHERE w.key IN (o.id * 1024, o.id * 1024 + a.destination_id))
UNION ALL
SELECT o.id, CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END, o.event,
	NULL, NULL, 'pending',
	(SELECT r.word FROM reason r WHERE r.id =
		(SELECT CASE WHEN sum(reason IS NULL) = 0 THEN min(reason) END FROM destination_wait)),
	0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM queue q CROSS JOIN outbox o ON o.id > q.cursor
WHERE NOT EXISTS (SELECT 1 FROM delivery d
	WHERE d.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023);

-- For admins: a line a destination, out of the counters. Cheap at any size. What reached no
-- destination, and new rows, count at each.
CREATE VIEW queue_status AS
SELECT t.name AS destination,
	CASE WHEN t.paused THEN 'paused' WHEN t.reason IS NOT NULL THEN r.word ELSE 'active' END
		AS state,
	c.pending + b.count AS pending,
	coalesce((SELECT sum(a.events) FROM attempt a
		WHERE a.outcome IS NULL AND a.destination_id = t.id), 0) AS sending,
	c.retrying, c.delivered, c.duplicate, c.skipped, c.rejected, c.failed, c.held, c.cancelled,
	max(0, (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) - min(
		coalesce((SELECT o.ms FROM creation o WHERE o.id = coalesce(
			(SELECT w.key / 1024 FROM (SELECT key, destination_id, due_at FROM waiting
				ORDER BY key LIMIT 10000) w
				WHERE w.destination_id = t.id AND w.due_at IS NOT NULL LIMIT 1),
			(SELECT min(w.key) / 1024 FROM (SELECT key FROM waiting
				WHERE destination_id = t.id AND due_at IS NOT NULL
				ORDER BY due_at LIMIT 10000) w))), 9e15),
		coalesce((SELECT min(o.ms) FROM attempt a JOIN creation o ON o.id = a.first_id
			WHERE a.outcome IS NULL AND a.destination_id = t.id), 9e15),
		coalesce((SELECT o.ms FROM creation o WHERE o.id = b.first_id), 9e15),
		CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))) / 1000)
		AS oldest_pending_s,
	strftime('%Y-%m-%dT%H:%M:%fZ', c.delivered_last / 1000.0, 'unixepoch')
		AS last_delivered_at,
	t.last_error
FROM destination t
	JOIN (SELECT t2.id,
		coalesce(sum(CASE WHEN k.state / 16 = 1 THEN k.count END), 0) AS pending,
		coalesce(sum(CASE WHEN k.state / 16 = 3 THEN k.count END), 0) AS retrying,
		coalesce(sum(CASE WHEN k.state / 16 = 4 THEN k.count END), 0) AS held,
		coalesce(sum(CASE WHEN k.state / 16 = 5 THEN k.count END), 0) AS failed,
		coalesce(sum(CASE WHEN k.state / 16 = 6 THEN k.count END), 0) AS rejected,
		coalesce(sum(CASE WHEN k.state / 16 = 7 THEN k.count END), 0) AS cancelled,
		coalesce(sum(CASE WHEN k.state / 16 = 8 THEN k.count END), 0) AS skipped,
		coalesce(sum(CASE WHEN k.state / 16 = 9 THEN k.count END), 0) AS duplicate,
		coalesce(sum(CASE WHEN k.state / 16 = 10 THEN k.count END), 0) AS delivered,
		max(CASE WHEN k.state = 160 THEN k.last_seen END) AS delivered_last
		FROM destination t2 LEFT JOIN counter k ON k.destination_id IN (t2.id, 0)
		GROUP BY t2.id) c ON c.id = t.id
	JOIN unclaimed b
	LEFT JOIN reason r ON r.id = t.reason
WHERE t.removed = 0;

-- For admins: what needs a look, by reason, with advice and an example.
CREATE VIEW problem AS
SELECT r.word AS reason, t.name AS destination, k.count,
	strftime('%Y-%m-%dT%H:%M:%fZ', k.first_seen / 1000.0, 'unixepoch') AS first_seen,
	strftime('%Y-%m-%dT%H:%M:%fZ', k.last_seen / 1000.0, 'unixepoch') AS last_seen,
	(SELECT coalesce(CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END,
		(SELECT x.event_id FROM derived_id x WHERE x.outbox_id = o.id))
		FROM outbox o WHERE o.id = k.example_id) AS example_event_id,
	r.advice
FROM counter k
	JOIN reason r ON r.id = k.state
	LEFT JOIN destination t ON t.id = k.destination_id
WHERE k.count > 0 AND k.state / 16 > 3
UNION ALL
SELECT r.word, q.destination, q.pending + q.retrying,
	strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || q.oldest_pending_s || ' seconds'),
	strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
	(SELECT coalesce(CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END,
		(SELECT x.event_id FROM derived_id x WHERE x.outbox_id = o.id))
		FROM outbox o WHERE o.id = coalesce(
			(SELECT w.key / 1024 FROM waiting w WHERE w.destination_id = t.id
				AND w.due_at > 0 AND w.status IN (1, 3) ORDER BY w.due_at LIMIT 1),
			(SELECT first_id FROM unclaimed))),
	replace(r.advice, 'NAME', q.destination)
FROM queue_status q
	JOIN reason r ON r.word = q.state
	JOIN destination t ON t.name = q.destination AND t.removed = 0
UNION ALL
SELECT r.word, t.name, k.count,
	strftime('%Y-%m-%dT%H:%M:%fZ', k.first_seen / 1000.0, 'unixepoch'),
	strftime('%Y-%m-%dT%H:%M:%fZ', k.last_seen / 1000.0, 'unixepoch'),
	(SELECT coalesce(CASE WHEN trim(o.event_id, char(9, 10, 11, 12, 13, 32)) <> '' THEN o.event_id END,
		(SELECT x.event_id FROM derived_id x WHERE x.outbox_id = o.id))
		FROM outbox o WHERE o.id = k.example_id),
	r.advice
FROM counter k
	JOIN destination t ON t.id = k.destination_id AND t.reason IS NULL AND NOT t.paused
	JOIN reason r ON r.id = (SELECT w.reason FROM waiting w
		WHERE w.destination_id = t.id AND w.due_at > 0 AND w.status = 3
		ORDER BY w.due_at LIMIT 1)
WHERE k.count > 0 AND k.state = 48;

-- For admins: the requests, in order.
CREATE VIEW attempt_log AS
SELECT a.id, t.name AS destination,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch') AS started_at,
	a.ms, a.events, a.http_status, a.api_code, a.api_message, a.request_id,
	coalesce(a.outcome, 'sending') AS outcome
FROM attempt a LEFT JOIN destination t ON t.id = a.destination_id;

-- For admins: unmapped with a readable time.
CREATE VIEW unmapped_event AS
SELECT event, count, strftime('%Y-%m-%dT%H:%M:%fZ', last_seen / 1000.0, 'unixepoch')
	AS last_seen
FROM unmapped;

-- Helper of the views above: when an outbox row was made, Unix milliseconds, whatever unit of time
-- its producer wrote; text without an offset as UTC. NULL where that is no time.
CREATE VIEW creation AS
SELECT id, nullif(CASE
	WHEN typeof(created_at) = 'text' THEN CASE WHEN created_at GLOB '[0-9][0-9][0-9][0-9]-*'
		THEN CAST(round((julianday(created_at) - 2440587.5) * 86400000) AS INTEGER) END
	WHEN created_at < 0 THEN NULL
	WHEN created_at < 1e11 THEN CAST(created_at * 1000 AS INTEGER)
	WHEN created_at < 1e14 THEN CAST(created_at AS INTEGER)
	WHEN created_at < 1e17 THEN CAST(created_at / 1000 AS INTEGER)
	ELSE CAST(created_at / 1000000 AS INTEGER) END, 0) AS ms
FROM outbox;

-- Event_ids, by their hash, that a person gave up or that were erased: rows of them up to last_id
-- that the relay has not read by then end with `state`, a reason, unless another row holds the id. Where
-- an id stands in the payload, or is derived, nobody else knows these rows. What was erased covers its
-- own rows alone, whoever cancels later ones. Written by cancel and forget while rows are unread, read by
-- admission where there are any, and deleted behind it.
CREATE TABLE given_up (
	hash INTEGER NOT NULL,
	state INTEGER NOT NULL,
	last_id INTEGER NOT NULL,
	PRIMARY KEY (hash, state)
) WITHOUT ROWID;

-- What admission has passed.
CREATE INDEX given_up_last ON given_up (last_id);

INSERT INTO queue (id, cursor) VALUES
	(1, 0);

-- Each file's own, so that nobody can choose event_ids that meet in the deduplication's hash.
INSERT INTO setting (name, value) VALUES ('dedup_seed', random());

INSERT INTO status (id, word) VALUES
	(1, 'pending'),
	(2, 'sending'),
	(3, 'retrying'),
	(4, 'held'),
	(5, 'failed'),
	(6, 'rejected'),
	(7, 'cancelled'),
	(8, 'skipped'),
	(9, 'duplicate'),
	(10, 'delivered');

INSERT INTO reason (id, word, advice) VALUES
	(17, 'needs_token', 'The destination has no token that can be used; last_error in queue_status may say more. convey connect NAME, or make a token in Events Manager, then: convey token set NAME < token.txt'),
	(18, 'token_refused', 'The token is refused: wrong, expired or revoked. convey connect NAME, or make a new one in Events Manager, then: convey token set NAME < token.txt. No code in last_error: a proxy or a firewall may have answered; mend that, keep the token, then: convey destination resume NAME'),
	(19, 'permission', 'The token may not write to this pixel: its owner must be admin or operator of it, or the id is wrong (convey destination set NAME --id PIXEL). No code in last_error: a proxy or a firewall may have answered; keep token and id. Once it is mended: convey destination resume NAME'),
	(20, 'rate_limited', 'TikTok asks us to slow down; sending goes on by itself. If it stays: lower --requests-per-second.'),
	(21, 'network', 'TikTok cannot be reached: DNS, route or firewall of this machine. Sending goes on by itself.'),
	(22, 'server_error', 'TikTok, or a proxy on the way, answers with errors; last_error in queue_status says which. Sending goes on by itself. If it stays: check CONVEY_ENDPOINT and the proxy, or update convey.'),
	(23, 'tls', 'The certificate of the endpoint is not trusted. Check the clock, ca-certificates and any proxy in between. Sending goes on by itself.'),
	(24, 'paused', 'Somebody paused the destination. convey destination resume NAME'),
	(25, 'circuit_open', 'Too many failures in a row; one probe at a time until it works. Sending goes on by itself. See last_error in queue_status.'),
	(65, 'outcome_unknown', 'It may have arrived, and after 47 hours a resend could count twice. Compare with TikTok''s reports, then convey retry or convey cancel.'),
	(81, 'refused_by_tiktok', 'The event was refused: see api_message in delivery_status, and convey preview. Mend the row (UPDATE outbox SET … WHERE id = …) and convey retry it, or cancel it. Nothing seen: ask TikTok with the request_id of convey why. No api_code: a proxy or a firewall may have answered; mend that, then retry.'),
	(82, 'retries_exhausted', 'The last attempt was refused too. See api_message in delivery_status, then convey retry.'),
	(97, 'bad_json', 'The payload is no JSON object in UTF-8, or it has \u0000 or more than 64 levels in it, or the event_id is no text in UTF-8. Mend the producer, and the row: UPDATE outbox SET … WHERE id = … (convey why tells it); then convey retry it.'),
	(98, 'bad_event_name', 'The event name is empty, too long or has control characters. Mend the producer, and the row: UPDATE outbox SET … WHERE id = … (convey why tells it); then convey retry it.'),
	(99, 'bad_time', 'event_time is neither Unix time nor ISO 8601. Mend the producer, and the row: UPDATE outbox SET … WHERE id = … (convey why tells it); then convey retry it.'),
	(100, 'future_time', 'The time lies more than 5 minutes ahead. Check the clock and zone of the producer, --timezone of the destination, and this machine''s clock (convey doctor); then convey retry it once its time has come, or mend the row first: UPDATE outbox SET event_time = … WHERE id = … (convey why tells it).'),
	(101, 'missing_page_url', 'A web event needs page.url, which begins with http:// or https://. Put it into the payload, send visits, or set --default-url, then convey retry --status rejected --reason missing_page_url.'),
	(102, 'bad_value', 'properties.value, a price, a quantity or a number is not as it must be (29.99), or the currency is no three letters. Mend the producer, and the row: UPDATE outbox SET … WHERE id = … (convey why tells it); then convey retry it.'),
	(103, 'missing_currency', 'A value needs a currency of three letters. Mend the producer, and the row: UPDATE outbox SET … WHERE id = … (convey why tells it); then convey retry it.'),
	(104, 'missing_app_id', 'An app event needs app.app_id. Mend the producer, and the row: UPDATE outbox SET … WHERE id = … (convey why tells it); then convey retry it.'),
	(105, 'missing_lead_id', 'A CRM event needs lead.lead_id. Mend the producer, and the row: UPDATE outbox SET … WHERE id = … (convey why tells it); then convey retry it.'),
	(106, 'payload_too_large', 'The payload is larger than 1 MiB or has too many values, or the event_id is longer than 4096 bytes. Send less; mend the row (UPDATE outbox SET … WHERE id = …), then convey retry it.'),
	(113, 'by_operator', 'Somebody cancelled it with convey cancel. convey retry sends it after all.'),
	(114, 'disconnected', 'The destination was disconnected. Connect it again, then convey retry --status cancelled --reason disconnected.'),
	(115, 'consent_withdrawn', 'The person withdrew consent before it was sent. There is nothing to mend.'),
	(116, 'erased', 'The person was erased with convey forget, or somebody deleted the row from outbox while it waited. There is nothing to mend.'),
	(129, 'not_mapped', 'Only mapped events are sent. To send it: convey map set EVENT TIKTOK_EVENT, then convey retry --status skipped --reason not_mapped.'),
	(130, 'consent_denied', 'The person denied ad_storage or analytics_storage; nothing may be sent. There is nothing to mend.'),
	(131, 'not_attributed', 'Another platform won this conversion, or TikTok did not. To send it all the same: change --deliver of the destination, then convey retry --status skipped --reason not_attributed.'),
	(132, 'no_route', 'No active destination takes this event. See convey route list and convey destination list; once one takes it, convey retry --status skipped --reason no_route.'),
	(133, 'routed_away', 'A route with the target drop matched. See convey route list. To send it after all: change the route, then convey retry --status skipped --reason routed_away.'),
	(134, 'sampled_out', 'The route sends only a share of the events and this one is not in it. See --sample in convey route list. To send it after all: change that, then convey retry --status skipped --reason sampled_out.'),
	(135, 'too_old', 'The event is older than 28 days, which TikTok does not attribute. Send conversions sooner. If a clock was wrong (convey doctor): set it right, then convey retry --status skipped --reason too_old.'),
	(136, 'paused_test', 'The destination is paused and sends test events, which nobody keeps for later. Resume it, or set --test-event-code to nothing, then convey retry --status skipped --reason paused_test.');
