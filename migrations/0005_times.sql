-- SPDX-License-Identifier: MIT
-- created_at: its smallest integer is no time, as nothing before 1970 and no text without a date is,
-- and breaks no view. delivery_status: where TikTok refused the token or the permission, the relay
-- tries again by itself, and next_attempt_at says when. queue_status.oldest_pending_s: of the oldest
-- row also where ten thousand rows of other destinations wait before it. delivery_status by event_id looks
-- for the id before it looks for what became of each row.

DROP VIEW creation;

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

DROP VIEW delivery_status;

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

DROP VIEW queue_status;

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
